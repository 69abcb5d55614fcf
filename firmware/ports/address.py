"""Addresses as an operator writes them: HOST:PORT, [V6]:PORT, unix:/PATH."""

from ..errors import Refused


class Address:
    """`host` and `port` of TCP, or `path` of a Unix socket (then host is "" and port 0)."""

    def __init__(self, host: str, port: int, path: str = ""):
        self.host = host
        self.port = port
        self.path = path

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach it."""
        return bool(self.path) or self.host in ("localhost", "::1") or _is_loopback_v4(self.host)

    def __str__(self) -> str:
        if self.path:
            return "unix:" + self.path
        return ("[%s]:%d" if ":" in self.host else "%s:%d") % (self.host, self.port)


def parse_address(text: str) -> Address:
    """The Address that `text` names; Refused when it names none."""
    if text.startswith("unix:"):
        return Address("", 0, _path(text))
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise Refused("'%s' is no address: an IPv6 address stands in brackets, as in [::1]:7411" % text)
    if not host or not colon or not _is_number(port, 65535):
        raise Refused("'%s' is no address: write HOST:PORT, [IPV6]:PORT or unix:/PATH" % text)
    return Address(host, int(port))


def _path(text: str) -> str:
    path = text[len("unix:") :]
    # The kernel's sun_path holds 108 bytes with the zero that ends it.
    if not path.startswith("/") or len(path.encode()) > 107:
        raise Refused("'%s' is no address: unix: is followed by an absolute path of at most 107 bytes" % text)
    return path


def _is_loopback_v4(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(_is_number(part, 255) for part in parts)


def _is_number(text: str, most: int) -> bool:
    if not text or len(text) > 5:
        return False
    return all(digit in "0123456789" for digit in text) and int(text) <= most
