"""The one cookie of this board, among those of other programs that a browser may send along (RFC 6265)."""

NAME = "sosie"
LENGTH = 43  # characters of its value: 32 random bytes
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def own(header: bytes) -> "str | None":
    """The value in a Cookie header; None when there is none that this board could have made.

    Where it stands there twice, somebody else put one of them there, and neither counts.
    """
    found = None
    for part in header.split(b";"):
        name, equals, value = part.strip(b" \t").partition(b"=")
        if equals and name == NAME.encode():
            if found is not None or len(value) != LENGTH or any(byte not in _ALPHABET for byte in value):
                return None
            found = value.decode()
    return found
