"""Addresses as a person writes them: HOST:PORT, [IPV6]:PORT or unix:/PATH.

An address is a tuple, ("tcp", host, port) or ("unix", path). No name is looked up here.
"""

from firmware.errors import Refused
from firmware.quantity import is_digits

MAX_UNIX_PATH = 107  # sun_path holds 108 bytes with its terminating zero
_LABEL = "abcdefghijklmnopqrstuvwxyz0123456789-_"
_HEX = "0123456789abcdef"
_ANYWHERE = ("0.0.0.0", "::")
_WRITE = "write HOST:PORT, for example 127.0.0.1:7411, or unix:/PATH"


def parse(text: str) -> tuple:
    """The address in `text`; raises Refused with a clause that says what to write."""
    if text.startswith("unix:"):
        return ("unix", _unix_path(text[5:]))
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or not rest.startswith(":") or _ipv6_fields(host) is None:
            raise Refused("this is not an IPv6 address with a port; write it like [::1]:7411")
        return ("tcp", host.lower(), _port(rest[1:]))
    host, colon, port = text.partition(":")
    if ":" in port:
        raise Refused("an IPv6 address stands in brackets; write it like [::1]:7411")
    if not colon or not host or not port:
        raise Refused("this is not an address with a port; " + _WRITE)
    return ("tcp", _host(host), _port(port))


def _unix_path(path: str) -> str:
    if not path.startswith("/") or path.endswith("/"):
        raise Refused("a unix socket needs the absolute path of a file; write unix:/run/sosie.sock")
    if len(path.encode()) > MAX_UNIX_PATH:
        raise Refused("the path of a unix socket has at most %d bytes; choose a shorter one" % MAX_UNIX_PATH)
    return path


def _port(text: str) -> int:
    if not is_digits(text) or len(text) > 5 or text.startswith("0") or int(text) > 65535:
        raise Refused("a port is a number from 1 to 65535; " + _WRITE)
    return int(text)


def _host(text: str) -> str:
    host = text.lower()
    labels = host.split(".")
    if is_digits("".join(labels)):
        if len(labels) != 4 or not all(_is_octet(label) for label in labels):
            raise Refused("this is not an IPv4 address; write four numbers from 0 to 255, for example 127.0.0.1:7411")
        return host
    if len(host) > 253 or not all(_is_label(label) for label in labels):
        raise Refused("this is not a host name; " + _WRITE)
    return host


def _is_octet(text: str) -> bool:
    # No leading zero: some resolvers read 010 as eight.
    return 1 <= len(text) <= 3 and (text == "0" or text[0] != "0") and int(text) < 256


def _is_label(text: str) -> bool:
    if not 1 <= len(text) <= 63 or text[0] == "-":
        return False
    return all(character in _LABEL for character in text)


def _ipv6_fields(text: str) -> "list | None":
    """The eight numbers of an IPv6 address, or None. The forms with a dotted tail or a zone are not taken."""
    if len(text) > 39:
        return None
    head, gap, tail = text.lower().partition("::")
    left = _hextets(head)
    right = _hextets(tail)
    if left is None or right is None:
        return None
    missing = 8 - len(left) - len(right)
    if (missing < 1) if gap else (missing != 0):
        return None
    return left + [0] * missing + right


def _hextets(text: str) -> "list | None":
    fields = []
    for field in text.split(":") if text else ():
        if not 1 <= len(field) <= 4 or not all(character in _HEX for character in field):
            return None
        fields.append(int(field, 16))
    return fields


def is_loopback(host: str) -> bool:
    """Whether a host of a parsed address is this machine itself."""
    if host == "localhost":
        return True
    if host.startswith("127.") and is_digits(host.replace(".", "")):
        return True
    return _ipv6_fields(host) == [0] * 7 + [1]


def is_local(address: tuple) -> bool:
    """Whether only this machine can reach the address."""
    return address[0] == "unix" or is_loopback(address[1])


def neighbourhood(host: str) -> str:
    """What one subscriber has for himself, of the address that somebody came from: an IPv4 address, or the first half
    of an IPv6 address."""
    host = host.partition("%")[0].lower()
    if host.startswith("::ffff:") and "." in host:  # IPv4, as a socket for both sees it
        return host[7:]
    fields = _ipv6_fields(host) if ":" in host else None
    return host if fields is None else "%x:%x:%x:%x::/64" % tuple(fields[:4])


def clash(one: tuple, other: tuple) -> bool:
    """Whether two sockets could not wait at these addresses side by side."""
    if one[0] != other[0] or one[0] == "unix":
        return one == other
    if one[2] != other[2]:
        return False
    hosts = (one[1], other[1])
    if hosts[0] == hosts[1] or hosts[0] in _ANYWHERE or hosts[1] in _ANYWHERE:
        return True
    return "localhost" in hosts and is_loopback(hosts[0]) and is_loopback(hosts[1])


def text(address: tuple) -> str:
    """The address as `parse` takes it."""
    if address[0] == "unix":
        return "unix:" + address[1]
    host = "[%s]" % address[1] if ":" in address[1] else address[1]
    return "%s:%d" % (host, address[2])
