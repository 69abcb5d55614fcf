"""Text from outside: UTF-8 decoded strictly on both runtimes, and what of it a terminal shows."""

_INVISIBLE = (
    (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB),
    (0xD800, 0xF8FF),  # surrogates, which are no text and cannot be sent at all, and private use
)  # fmt: skip


def decode(data: bytes) -> str:
    """The text in `data`; raises UnicodeError when it is not UTF-8.

    MicroPython keeps the bytes of a string as they came: overlong forms, surrogates and codes beyond Unicode pass
    its decoder, and encode() gives them back unchanged. So the characters are put together anew and compared.
    """
    text = data.decode()
    for character in text:
        if 0xD800 <= ord(character) < 0xE000 or ord(character) > 0x10FFFF:
            raise UnicodeError
    if "".join([chr(ord(character)) for character in text]).encode() != data:
        raise UnicodeError
    return text


def is_visible(character: str) -> bool:
    """Whether a terminal shows it in its place: no control, nothing that turns or hides other text."""
    code = ord(character)
    if code < 0xA0:
        return 32 <= code < 127
    return not any(first <= code <= last for first, last in _INVISIBLE)
