"""UTF-8 from outside, decoded strictly on both runtimes."""


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
