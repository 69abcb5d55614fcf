"""sosie.conf, on the card: the keys of board.conf, and those that only a board with a card of its own has.

The lines that are the board's own are blanked out and what the card looks after is appended, so that firmware/config.py
judges the rest: with the same sentences, and the numbers of the lines stay true.
"""

import re

from firmware import config
from firmware.errors import Refused

FILE = "sosie.conf"
DISK_AUTO, DISK_CARD = "auto", "card"
_LINE = re.compile(rb"[ \t]*([^=#\r]*?)[ \t]*=(?:[ \t]*)(.*?)[ \t]*(?:(?<=[ \t])#.*)?\r?\Z")
_BY_ID = "/dev/disk/by-id/"
_KEPT = {  # keys of board.conf that are not for people here
    "journal": "the journal is on the card, and makes itself",
    "journal_size": "the journal takes its share of the card",
    "history_size": "the history takes its share of the card",
    "alerts": "what was told is kept on the card",
    "chronicle": "what happens is kept on the card",
    "keys": "pairing puts the keys on the card",
    "quota_file": "the card keeps what the quota's day has used",
    "settings": "what is changed on the page is kept on the card",
}


class Wishes:
    """What sosie.conf says for the board itself. `disk` is auto, card or a path; the others are texts or None.

    `name` is board.conf's, for who only wants the wishes; `bad`: keys whose values cannot be understood.
    """

    def __init__(self):
        self.name = None
        self.bad = set()
        self.disk = DISK_AUTO
        self.wifi = None
        self.wifi_password = None
        self.wifi_country = None
        self.address = None
        self.gateway = None
        self.dns = None
        self.time = None
        self.timezone = None


def _disk(text: str) -> str:
    if text in (DISK_AUTO, DISK_CARD):
        return text
    if not text.startswith(_BY_ID) or "/" in text[len(_BY_ID) :] or text == _BY_ID:
        raise Refused("write auto, card, or the name of a disk as in %s" % _BY_ID)
    return text


def _wifi(text: str) -> str:
    if len(text.encode()) > 32:
        raise Refused("the name of a Wi-Fi network has at most 32 bytes")
    return text


def _wifi_password(text: str) -> str:
    if not 8 <= len(text) <= 63 or not all(" " <= character <= "~" for character in text):
        raise Refused("the password of a Wi-Fi network has 8 to 63 plain characters")
    return text


def _wifi_country(text: str) -> str:
    if not re.fullmatch("[A-Za-z]{2}", text):
        raise Refused("a country has two letters; write for example FR")
    return text.upper()


def _numeric(text: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise Refused("this is not an address; write for example 192.0.2.1") from None


def _address(text: str) -> "str | None":
    import ipaddress

    if text == "dhcp":
        return None
    try:
        if "/" not in text:
            raise ValueError
        return str(ipaddress.ip_interface(text))
    except ValueError:
        raise Refused("write dhcp, or an address with its prefix length, for example 192.0.2.10/24") from None


def _names(text: str) -> str:
    return " ".join(_numeric(each) for each in text.replace(",", " ").split())


def _host(text: str) -> str:
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9.:-]*", text) or len(text) > 253:
        raise Refused("write the name or address of one time server, for example pool.ntp.org")
    return text


def _timezone(text: str) -> str:
    import zoneinfo

    known = zoneinfo.ZoneInfo
    try:
        known(text)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        if _has_zones(known) or not re.fullmatch("[A-Za-z0-9_+/-]+", text):
            raise Refused("there is no time zone of that name; write for example Europe/Paris") from None
    return text


def _has_zones(known) -> bool:
    """Whether this computer knows time zones at all: a card is made on any."""
    try:
        known("Europe/Paris")
    except (OSError, ValueError, LookupError):
        return False
    return True


# key: (parser, an example of its value)
_WISHES = {
    "disk": (_disk, "auto"),
    "wifi": (_wifi, "Office"),
    "wifi_password": (_wifi_password, "correct horse battery"),
    "wifi_country": (_wifi_country, "FR"),
    "address": (_address, "dhcp"),
    "gateway": (_numeric, "192.0.2.1"),
    "dns": (_names, "192.0.2.1"),
    "time": (_host, "pool.ntp.org"),
    "timezone": (_timezone, "Europe/Paris"),
}


def network_wishes(data: bytes) -> Wishes:
    """Those lines for the board itself that can be understood, whatever the others are: a board whose settings are
    broken says so on its page, so it needs its network."""
    wishes, seen = Wishes(), set()
    for _, key, value in _lines(data):
        try:
            if key == "name":
                wishes.name = _text(value)
            elif key in _WISHES and key not in seen:
                setattr(wishes, key, _WISHES[key][0](_text(value)))
        except Refused:
            wishes.bad.add(key)
        seen.add(key)
    return wishes


def parse(data: bytes, defaults) -> tuple:
    """(Wishes, Settings, the text of a board.conf) of a sosie.conf; Refused names its line.

    `defaults(wishes, settings_by_key)` returns the lines that the card adds: a list of (key, value).
    """
    try:
        return _parse(data, defaults)
    except Refused as refusal:
        raise Refused("%s: %s" % (FILE, str(refusal).replace("board.conf", FILE))) from None


def _parse(data: bytes, defaults) -> tuple:
    if len(data) > config.MAX_BYTES:
        raise Refused("this file has more than %d bytes; write it anew" % config.MAX_BYTES)
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    wishes, given = Wishes(), {}
    for number, key, value in _lines(data):
        if key in _KEPT:
            raise Refused("line %d: %s is no setting here: %s; delete the line" % (number, key, _KEPT[key]))
        if key in _WISHES:
            _take(wishes, given, number, key, value)
            lines[number - 1] = b""
        elif key not in given:
            _check_known(number, key)
            given[key] = (number, value.decode("utf-8", "replace"))
    _check_together(wishes, given)
    added = ["%s = %s" % pair for pair in defaults(wishes, {key: value for key, (_, value) in given.items()})]
    text = b"\n".join(lines).rstrip(b"\n") + b"\n" + "\n".join(added).encode() + b"\n"
    return wishes, config.parse(text), text


def _lines(data: bytes):
    """(number, key, value) of each line that looks like a setting, in bytes but for the key."""
    for index, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n")):
        found = _LINE.match(line)
        if found and found[1]:
            yield index + 1, found[1].decode("utf-8", "replace"), found[2]


def _take(wishes: Wishes, given: dict, number: int, key: str, value: bytes) -> None:
    parser, example = _WISHES[key]
    if key in given:
        raise Refused("line %d: %s stands on line %d already; keep one of them" % (number, key, given[key][0]))
    if not value:
        raise Refused("line %d: %s has no value; write for example %s = %s" % (number, key, key, example))
    try:
        setattr(wishes, key, parser(_text(value)))
    except Refused as clause:
        shown = "..." if key == "wifi_password" else _text(value)[:60]
        raise Refused("line %d: %s = %s: %s" % (number, key, shown, clause)) from None
    given[key] = (number, value.decode())


def _text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeError:
        raise Refused("this is not UTF-8 text; save the file as UTF-8") from None
    if not text.isprintable():
        raise Refused("there is a control character; delete it")
    return text


def _check_known(number: int, key: str) -> None:
    """firmware/config.py knows what is near to its own keys only."""
    import difflib

    known = vars(config.Settings())
    if key in known:
        return
    near = difflib.get_close_matches(key.lower(), list(known) + list(_WISHES), 1)
    if near and near[0] in _WISHES:
        raise Refused("line %d: %s is not a key that %s has; did you mean %s?" % (number, key[:60], FILE, near[0]))


def _check_together(wishes: Wishes, given: dict) -> None:
    for key, needs in (("wifi_password", "wifi"), ("wifi_country", "wifi"), ("gateway", "address")):
        if key in given and needs not in given:
            raise Refused("line %d: %s stands there without %s; add it" % (given[key][0], key, needs))
    if "gateway" in given and wishes.address is None:
        raise Refused("line %d: gateway comes by DHCP; delete the line" % given["gateway"][0])


def check(data: bytes) -> Wishes:
    """Judges a sosie.conf where there is no board, as on the computer that makes a card. Refused names the line."""
    wishes, _, _ = parse(data, lambda _, given: [("disk", "/run/disk"), ("journal", "/run/journal"), *_network(given)])
    return wishes


def _network(given: dict) -> list:
    lines = [("keys", "/run/keys"), ("attach", "usb"), ("web", "[::]:443"), ("listen", "[::]:7411")]
    if given.get("role") != "twin":
        lines.pop()
    return [(key, value) for key, value in lines if key not in given]


_SURFACES = ("name", "role", "attach", "web", "console", "language", "lights", "button", "display")


def lenient(data: bytes, defaults) -> config.Settings:
    """What the surfaces of a board need to know, from a sosie.conf of which not all lines can be understood.

    `defaults(settings_by_key)` returns lines as for parse().
    """
    lines = {"name": "sosie", "role": "primary", "peer": "127.0.0.1:1"}
    its = _tried(lines, defaults)
    for _, key, value in _lines(data):
        if key in _SURFACES:
            trial = dict(lines, **{key: value.decode("utf-8", "replace")})
            try:
                its = _tried(trial, defaults)
                lines = trial
            except Refused:
                pass
    return its


def _tried(lines: dict, defaults) -> config.Settings:
    whole = list(lines.items()) + defaults(lines)
    return config.parse("".join("%s = %s\n" % pair for pair in whole).encode())
