"""board.conf: the settings of one board, parsed and checked without touching the machine.

`key = value` lines. `#` begins a comment at the start of a line or behind white space. Every mistake is
refused with one sentence: the line, the key, what is wrong, what to write instead. What only the machine
can tell (does the disk exist, how much room is there) is checked where the board is put together.
"""

from firmware import address, panel, schedule
from firmware.alerts import places
from firmware.errors import Refused
from firmware.quantity import is_digits, parse_duration, parse_size, parse_span
from firmware.status.texts import LANGUAGES
from firmware.text import decode

MAX_BYTES = 64 << 10  # a reader may stop one byte behind this: the text is refused then
MAX_NAME = 63
MAX_PATH = 4095
MIN_DISK_SIZE = 64 << 10
MIN_JOURNAL_SIZE = 8 << 20
MIN_QUOTA = 16 << 20  # a day's heartbeats take some of it, and one group is up to 4 MiB
SPEEDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)  # of a serial line, bits per second


class Settings:
    """What board.conf says; attributes are named as its keys.

    Sizes are in bytes, `rate` is a Schedule, `quota` in bytes a day (0: none), `max_age` in milliseconds,
    `rpo` in seconds or None. `listen`, `peer`
    and `web` are addresses (firmware/address.py), `attach` is ("nbd", address), ("usb", controller or None)
    or None, `console` is (path, speed or None) or None. `disk_size` and `journal_size` are None when the
    file does not say them, `quota_file` likewise. `keys` is the path of a folder, without a slash at its end.
    `alert_..` are lists of Place (firmware/alerts/place.py).
    """

    def __init__(self):
        self.name = None
        self.role = None
        self.disk = None
        self.disk_size = None
        self.journal = None
        self.journal_size = None
        self.history_size = 0
        self.attach = None
        self.listen = None
        self.peer = None
        self.web = None
        self.console = None
        self.keys = None
        self.texts = {}  # key -> its value as it stands in the file
        self.chronicle = None
        self.settings = None
        self.look = "login"
        self.language = "en"
        self.rpo = None
        self.ack = "local"
        self.when_full = "hold"
        self.rate = schedule.always(0)
        self.quota = 0
        self.quota_file = None
        self.max_age = 1000
        self.alert_webhook = []
        self.alert_mail = []
        self.alert_push = []
        self.alert_syslog = []
        self.alert_ping = []
        self.alerts = None
        self.lights = None
        self.button = None
        self.display = None


def shown(key: str, text: str) -> str:
    """A value as others may see it: without what lets anybody in."""
    return places.shown(key, text)


# Values: text in, value out, Refused with a clause otherwise


def name(text: str) -> str:
    """The name of a board; Refused with a clause for one that it cannot have."""
    if len(text.encode()) > MAX_NAME:
        raise Refused("a name has at most %d bytes; choose a shorter one" % MAX_NAME)
    return text


def _path(text: str) -> str:
    if text[0] in "\"'":
        raise Refused("quotes would be a part of the path; write it without them")
    if text.endswith("/"):
        raise Refused("this is a folder; write the path of a block device or a file")
    if len(text.encode()) > MAX_PATH:
        raise Refused("a path has at most %d bytes; choose a shorter one" % MAX_PATH)
    return text


def _disk_size(text: str) -> int:
    return parse_size(text, MIN_DISK_SIZE)


def _journal_size(text: str) -> int:
    return parse_size(text, MIN_JOURNAL_SIZE)


def _history_size(text: str) -> int:
    if is_digits(text) and not text.strip("0"):
        return 0
    parse_size(text, 0)
    raise Refused("history is not built yet; write 0 or leave the line out")


def _attach(text: str) -> "tuple | None":
    if text == "none":
        return None
    way, colon, where = text.partition(":")
    if way == "usb":
        return ("usb", _controller(where) if colon else None)
    if way != "nbd" or not colon:
        raise Refused("there is no such way to attach a host; write usb, nbd:HOST:PORT, nbd:unix:/PATH or none")
    return ("nbd", address.parse(where))


def _controller(text: str) -> str:
    if not text or "/" in text or " " in text or "\t" in text or text in (".", "..") or len(text.encode()) > 255:
        raise Refused("a USB device port is named as in /sys/class/udc; write usb, or for example usb:fe980000.usb")
    return text


def _console(text: str) -> tuple:
    if not text.startswith("/"):
        raise Refused("a console is the path of a serial device; write for example /dev/ttyAMA0:115200")
    path, colon, speed = text.rpartition(":")
    if not colon or "-" in speed[1:]:  # names below /dev/serial/by-path have colons of their own, and dashes
        return (_path(text), None)
    if not is_digits(speed):
        raise Refused("behind the colon stands the speed of the line; write for example %s:115200" % path)
    if len(speed) > 6 or int(speed) not in SPEEDS:
        raise Refused("the speed of a serial line is one of %s" % ", ".join([str(each) for each in SPEEDS]))
    return (_path(path), int(speed))


def _folder(text: str) -> str:
    if not text.startswith("/"):
        raise Refused("a folder is named by its whole path; write for example /srv/left.keys")
    return _path(text.rstrip("/") or text)


def _quota(text: str) -> int:
    return 0 if text == "0" else parse_size(text, MIN_QUOTA)


def _rpo(text: str) -> "int | None":
    return None if text == "0" else parse_span(text, 1, 30 * 86400)


def _max_age(text: str) -> int:
    return parse_duration(text, 1, 60000)


def _choice(*words: str):
    def parse_word(text: str) -> str:
        if text not in words:
            raise Refused("write %s or %s" % (", ".join(words[:-1]), words[-1]))
        return text

    return parse_word


def _when_full(text: str) -> str:
    if text == "catch_up":
        raise Refused("catch_up is not built yet; write hold")
    if text != "hold":
        raise Refused("write hold")
    return text


# key: (parser, an example of its value)
_KEYS = {
    "name": (name, "left"),
    "role": (_choice("primary", "twin"), "primary"),
    "disk": (_path, "/srv/left.img"),
    "disk_size": (_disk_size, "1G"),
    "journal": (_path, "/srv/left.journal"),
    "journal_size": (_journal_size, "512M"),
    "history_size": (_history_size, "0"),
    "attach": (_attach, "nbd:127.0.0.1:10809"),
    "listen": (address.parse, "127.0.0.1:7411"),
    "peer": (address.parse, "127.0.0.1:7411"),
    "web": (address.parse, "127.0.0.1:8080"),
    "console": (_console, "/dev/ttyAMA0:115200"),
    "keys": (_folder, "/srv/left.keys"),
    "chronicle": (_path, "/srv/left.chronicle"),
    "settings": (_path, "/srv/left.settings"),
    "look": (_choice("login", "anyone"), "login"),
    "language": (_choice(*LANGUAGES), "en"),
    "rpo": (_rpo, "15m"),
    "ack": (_choice("local", "received", "durable"), "local"),
    "when_full": (_when_full, "hold"),
    "rate": (schedule.parse, "0"),
    "quota": (_quota, "5G"),
    "quota_file": (_path, "/srv/left.quota"),
    "max_age": (_max_age, "1s"),
    "alert_webhook": places.PARSERS["alert_webhook"],
    "alert_mail": places.PARSERS["alert_mail"],
    "alert_push": places.PARSERS["alert_push"],
    "alert_syslog": places.PARSERS["alert_syslog"],
    "alert_ping": places.PARSERS["alert_ping"],
    "alerts": (_path, "/srv/left.alerts"),
    "lights": (panel.lights, "gpio:17,27,22"),
    "button": (panel.button, "gpio:23"),
    "display": (panel.display, "spi:ssd1306"),
}
_REQUIRED = ("name", "role", "disk", "journal")


def parse(data: bytes) -> Settings:
    """The settings in the bytes of a board.conf; raises Refused."""
    if len(data) > MAX_BYTES:
        raise Refused("this file has more than %d bytes and cannot be a board.conf; name the right file" % MAX_BYTES)
    if data[:3] == b"\xef\xbb\xbf":  # some editors put a byte order mark in front
        data = data[3:]
    settings = Settings()
    lines = {}
    for index, line in enumerate(data.split(b"\n")):
        _take(settings, lines, index + 1, line)
    _check_whole(settings, lines)
    return settings


def _take(settings: Settings, lines: dict, number: int, line: bytes) -> None:
    """Puts the setting of one line, if it holds one, into `settings` and its number into `lines`."""
    found = read_line(number, line, lines)
    if found is not None:
        key, settings.texts[key], value = found
        setattr(settings, key, value)


def read_line(number: int, line: bytes, lines: dict) -> "tuple | None":
    """(key, its value as it stands there, the value) of a line; None when it holds none. Its number goes into `lines`,
    {key: number of the line}. Raises Refused."""
    text = _uncommented(_decoded(line, number)).strip(" \t")
    if not text:
        return None
    key, equals, value = text.partition("=")
    key, value = key.strip(" \t"), value.strip(" \t")
    if not equals or not key:
        raise Refused("line %d: %s is not a setting; write key = value" % (number, _short(_first_word(text))))
    if key not in _KEYS:
        raise Refused("line %d: %s is not a key that board.conf has; %s" % (number, _short(key), _advice(key)))
    parser, example = _KEYS[key]
    if key in lines:
        raise Refused("line %d: %s stands on line %d already; keep one of them" % (number, key, lines[key]))
    if not value:
        raise Refused("line %d: %s has no value; write for example %s = %s" % (number, key, key, example))
    try:
        parsed = parser(value)
    except Refused as clause:
        raise Refused("line %d: %s = %s: %s" % (number, key, _short(shown(key, value)), clause))
    lines[key] = number
    return key, value, parsed


def _decoded(line: bytes, number: int) -> str:
    if line[-1:] == b"\r":
        line = line[:-1]
    try:
        text = decode(line)
    except UnicodeError:
        raise Refused("line %d: this is not UTF-8 text; save the file as UTF-8" % number)
    for character in text:
        code = ord(character)
        if (code < 32 and code != 9) or 127 <= code < 160:
            raise Refused("line %d: there is a control character (code %d); delete it" % (number, code))
    return text


def _uncommented(text: str) -> str:
    place = text.find("#")
    while place > 0 and text[place - 1] not in " \t":  # a path may hold one
        place = text.find("#", place + 1)
    return text if place < 0 else text[:place]


def _short(text: str) -> str:
    text = text.replace("\t", " ")
    return text if len(text) <= 60 else text[:57] + "..."


def _first_word(text: str) -> str:
    """Of a line that may hold a password, its beginning; else the line."""
    return text.replace("\t", " ").partition(" ")[0] if text.startswith("alert") else text


def _advice(key: str) -> str:
    nearest = min((_distance(key.lower()[:32], known), known) for known in _KEYS)
    if nearest[0] <= 1 + len(nearest[1]) // 3:
        return "did you mean %s?" % nearest[1]
    return "it has " + ", ".join(sorted(_KEYS))


def _distance(one: str, other: str) -> int:
    """Levenshtein's edit distance."""
    row = list(range(len(other) + 1))
    for character in one:
        diagonal = row[0]
        row[0] += 1
        for place, wanted in enumerate(other):
            best = min(diagonal + (character != wanted), row[place] + 1, row[place + 1] + 1)
            diagonal = row[place + 1]
            row[place + 1] = best
    return row[-1]


# What lines say together


def _check_whole(settings: Settings, lines: dict) -> None:
    for key in _REQUIRED:
        if key not in lines:
            raise Refused("there is no line for %s; add one, for example %s = %s" % (key, key, _KEYS[key][1]))
    _check_linked(settings)
    addresses = _addresses(settings)
    _check_paths(settings, lines, addresses)
    _check_ports(lines, addresses)
    panel.check_pins(settings, lines)
    _check_loopback(lines, [(key, place) for key, place in addresses if key == "attach" or settings.keys is None])


def _addresses(settings: Settings) -> list:
    """(key, address) of every line that names one."""
    found = [("attach", settings.attach[1])] if settings.attach and settings.attach[0] == "nbd" else []
    for key in ("listen", "peer", "web"):
        place = getattr(settings, key)
        if place is not None:
            found.append((key, place))
    return found


def _check_linked(settings: Settings) -> None:
    # One line is enough: after a promotion a twin's file serves a primary, and the other way round.
    if settings.peer is None and settings.listen is None:
        key = "peer" if settings.role == "primary" else "listen"
        raise Refused("a %s without peer and listen has no other board; add %s = HOST:PORT" % (settings.role, key))


def _check_paths(settings: Settings, lines: dict, addresses: list) -> None:
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
            raise Refused(message % (lines[key], key, prefix + address.text(place), why, _KEYS[key][1]))
