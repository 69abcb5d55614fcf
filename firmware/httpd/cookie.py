"""The one cookie of this board, among those that a browser may send along for other programs (RFC 6265).

Boards behind one name (a forwarded port each) would share it, so its name has the port; `__Host-` makes browsers take
it from this very host alone, and over TLS only.
"""

LENGTH = 43  # characters of its value: 32 random bytes
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LINE = "Set-Cookie: %s=%s; Path=/; Max-Age=%d; HttpOnly; Secure; SameSite=Strict"


def name_of(web: tuple) -> str:
    """The cookie's name on the board whose web address this is."""
    return "__Host-sosie-%s" % (web[2] if web[0] == "tcp" else "local")


def find(header: bytes, name: str) -> "str | None":
    """The value in a Cookie header; None when there is none that a board could have made.

    Where it stands there twice, somebody else put one of them there, and neither counts.
    """
    found = None
    for part in header.split(b";"):
        word, equals, value = part.strip(b" \t").partition(b"=")
        if equals and word == name.encode():
            if found is not None or len(value) != LENGTH or any(byte not in _ALPHABET for byte in value):
                return None
            found = value.decode()
    return found


def line(name: str, value: str, age_s: int) -> str:
    """The header line that gives it to a browser; age 0 takes it away."""
    return _LINE % (name, value, age_s)
