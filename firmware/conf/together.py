"""What the lines of board.conf say together: what is missing, and what cannot be at once. All raise Refused."""

from firmware import address, panel
from firmware.conf.keys import KEYS, REQUIRED
from firmware.errors import Refused


def check(settings, lines: dict) -> None:
    """`lines`: {key: number of its line}."""
    for key in REQUIRED:
        if key not in lines:
            raise Refused("there is no line for %s; add one, for example %s = %s" % (key, key, KEYS[key][1]))
    _check_linked(settings)
    addresses = _addresses(settings)
    _check_paths(settings, lines, addresses)
    _check_ports(lines, addresses)
    panel.check_pins(settings, lines)
    _check_loopback(lines, [(key, place) for key, place in addresses if key == "attach" or settings.keys is None])


def _addresses(settings) -> list:
    """(key, address) of every line that names one."""
    found = [("attach", settings.attach[1])] if settings.attach and settings.attach[0] == "nbd" else []
    for key in ("listen", "peer", "web"):
        place = getattr(settings, key)
        if place is not None:
            found.append((key, place))
    return found


def _check_linked(settings) -> None:
    # One line is enough: after a promotion a twin's file serves a primary, and the other way round.
    if settings.peer is None and settings.listen is None:
        key = "peer" if settings.role == "primary" else "listen"
        raise Refused("a %s without peer and listen has no other board; add %s = HOST:PORT" % (settings.role, key))


def _check_paths(settings, lines: dict, addresses: list) -> None:
    paths = [("disk", settings.disk), ("journal", settings.journal)]
    for key in ("settings", "chronicle", "alerts", "quota_file"):
        if getattr(settings, key) is not None:
            paths.append((key, getattr(settings, key)))
    paths += [(key, place[1]) for key, place in addresses if place[0] == "unix" and key != "peer"]
    if settings.console is not None:
        paths.append(("console", settings.console[0]))
    seen = {}
    for key, path in paths:
        path = _normal(path)
        if path in seen:
            raise Refused("line %d: %s and %s are the same file; give each its own" % (lines[key], key, seen[path]))
        seen[path] = key


def _normal(path: str) -> str:
    """The path without the detours that its text alone shows."""
    parts = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def _check_ports(lines: dict, addresses: list) -> None:
    waiting = [(key, place) for key, place in addresses if key != "peer"]
    for index, (key, place) in enumerate(waiting):
        for other, its_place in waiting[:index]:
            if address.clash(place, its_place):
                message = "line %d: %s and %s wait at the same address; give each its own port"
                raise Refused(message % (lines[key], key, other))


def _check_loopback(lines: dict, addresses: list) -> None:
    for key, place in addresses:
        if not address.is_local(place):
            why, prefix = "without keys a board stays on loopback", ""
            if key == "attach":
                why, prefix = "NBD has no keys, so it stays on loopback", "nbd:"
            message = "line %d: %s = %s is open to the network, and %s; write %s"
            raise Refused(message % (lines[key], key, prefix + address.text(place), why, KEYS[key][1]))
