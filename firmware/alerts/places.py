"""Where alerts go, as a person writes it in board.conf. Nothing is looked up or tried here.

    alert_webhook = https://hooks.example/T0/B1, http://192.0.2.9:8080/alerts token abc
    alert_push    = https://ntfy.example/our-boards user me password the rest of this entry
    alert_mail    = me@example.org, you@example.org via mail.example.org:587 user me@example.org password the rest
    alert_syslog  = 192.0.2.5:514, tcp:logs.example:601, tls:logs.example:6514
    alert_ping    = https://ping.example/4c1b-99 every 5m

A value becomes a list of Place. Its path, its query, its password may each be what keeps others out, so `to` and
shown(), which are what surfaces show, have none of them.
"""

import binascii

from firmware import address
from firmware.alerts.words import end_of_word, find_word, split_at
from firmware.errors import Refused
from firmware.quantity import is_digits, parse_duration

WEBHOOK, MAIL, PUSH, SYSLOG, PING = "webhook", "mail", "push", "syslog", "ping"
UDP, TCP, TLS, PLAIN, STARTTLS = "udp", "tcp", "tls", "plain", "starttls"
MOST_PLACES = 8  # of one key
MOST_RECEIVERS = 20
MAX_TEXT = 2048
MIN_EVERY_MS, MAX_EVERY_MS, EVERY_MS = 30000, 24 * 3600000, 300000
_HIDDEN = "..."
_PORTS = {"http": 80, "https": 443}
_MAIL_PORTS = {TLS: 465, STARTTLS: 587, PLAIN: 25}
_SYSLOG_PORTS = {UDP: 514, TCP: 601, TLS: 6514}


class Place:
    """One receiver. `to` says who it is, without secrets; `key` is another for every other receiver, and the same when
    only what lets us in has changed.

    secure, host, port   of who is called; `way` how (PLAIN, STARTTLS, TLS; syslog: UDP, TCP, TLS)
    target               of an HTTP request
    user, password, token   text or None: what lets us in
    sender, receivers    of mail
    every_ms             of a ping
    """

    def __init__(self, kind: str, way: str, host: str, port: int):
        self.kind = kind
        self.way = way
        self.host = host
        self.port = port
        self.target = ""
        self.user = None
        self.password = None
        self.token = None
        self.sender = ""
        self.receivers = ()
        self.every_ms = 0

    @property
    def name(self) -> str:
        """The key of board.conf that it stands behind."""
        return "alert_" + self.kind

    @property
    def authority(self) -> str:
        """HOST:PORT."""
        return address.text(("tcp", self.host, self.port))

    @property
    def to(self) -> str:
        if self.kind == MAIL:
            return "%s via %s" % (", ".join(self.receivers), self.authority)
        if self.kind == SYSLOG:
            return "%s:%s" % (self.way, self.authority)
        scheme = "https" if self.way == TLS else "http"
        place = address.text(("tcp", self.host, self.port))
        if self.port == _PORTS[scheme]:
            place = place[: -len(":%d" % self.port)]
        return "%s://%s/%s" % (scheme, place, _HIDDEN if self.target != "/" else "")

    @property
    def key(self) -> str:
        whole = "\n".join((self.kind, self.way, self.authority, self.target, ",".join(self.receivers)))
        return "%s-%08x" % (self.kind, binascii.crc32(whole.encode()))


# What the keys of board.conf hold


def webhooks(text: str) -> list:
    """The places of alert_webhook; Refused with a clause, as all of these."""
    return _several([_web(WEBHOOK, each) for each in _entries(text)])


def pushes(text: str) -> list:
    """Of alert_push."""
    places = _several([_web(PUSH, each) for each in _entries(text)])
    for place in places:
        if place.target.partition("?")[0] == "/":
            raise Refused("the topic is missing; write for example https://ntfy.example/our-boards")
    return places


def pings(text: str) -> list:
    """Of alert_ping."""
    places = []
    for each in _entries(text):
        url, found, every = split_at(each, "every")
        place = _web(PING, url)
        place.every_ms = _every(every) if found else EVERY_MS
        places.append(place)
    return _several(places)


def syslogs(text: str) -> list:
    """Of alert_syslog."""
    return _several([_syslog(each.strip(" \t")) for each in _checked(text).split(",")])


def mail(text: str) -> list:
    """Of alert_mail: one server, and everybody who gets mail through it."""
    receivers, found, rest = split_at(_checked(text), "via")
    if not found:
        raise Refused("the mail server is missing; write for example me@example.org via mail.example.org:587")
    rest, user, password = _login(rest)
    if user is not None and password is None:
        raise Refused("user stands without password; write user NAME password PASSWORD")
    if password is not None and not all(31 < ord(character) < 127 for character in password):
        raise Refused("mail servers take plain characters only; choose another password there")
    _check_whole("", password, "")
    server, found, sender = split_at(rest, "from")
    place = _mail_server(server, user is not None)
    place.user, place.password = user, password
    place.receivers = _receivers(receivers)
    place.sender = _mail_address(sender) if found else _sender(user)
    return [place]


PARSERS = {
    "alert_webhook": (webhooks, "https://hooks.example/alerts"),
    "alert_mail": (mail, "me@example.org via mail.example.org:587 user me@example.org password secret"),
    "alert_push": (pushes, "https://ntfy.example/our-boards"),
    "alert_syslog": (syslogs, "192.0.2.5:514"),
    "alert_ping": (pings, "https://ping.example/4c1b-99 every 5m"),
}


def shown(key: str, text: str) -> str:
    """What may be shown of the value of `key`: of ours, without what lets anybody in; of others, all."""
    if key not in PARSERS or not text:
        return text
    try:
        return ", ".join([_whole(place) for place in PARSERS[key][0](text)])
    except Refused:
        return _HIDDEN


def _whole(place: Place) -> str:
    words = place.to
    if place.kind == PING:
        words += " every %ds" % (place.every_ms // 1000)
    if place.user is not None:
        words += " user %s password %s" % (place.user, _HIDDEN)
    return words + (" token " + _HIDDEN if place.token is not None else "")


# Parts of them


def _checked(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise Refused("this is longer than %d characters; name fewer receivers" % MAX_TEXT)
    for character in text:
        if ord(character) < 32 or 127 <= ord(character) < 160:
            raise Refused("there is a control character in it; delete it")
    return text


def _entries(text: str) -> list:
    """What stands between commas that an address follows; others belong to an address or a password."""
    entries, start, place = [], 0, 0
    text = _checked(text)
    while True:
        place = text.find(",", place)
        if place < 0:
            break
        scheme, mark, _ = text[place + 1 :].lstrip(" \t").partition("://")
        if not scheme or (mark and scheme in _PORTS):
            entries.append(text[start:place])
            start = place + 1
        place += 1
    return [each.strip(" \t") for each in entries + [text[start:]]]


def _several(places: list) -> list:
    if len(places) > MOST_PLACES:
        raise Refused("these are more than %d receivers; name fewer" % MOST_PLACES)
    seen = []
    for place in places:
        if place.key in seen:
            raise Refused("%s stands twice; keep one" % place.to)
        seen.append(place.key)
    return places


def _web(kind: str, text: str) -> Place:
    rest, user, password = _login(text)
    url, has_token, token = split_at(rest, "token")
    place = _url(kind, url)
    if user is not None and password is None:
        raise Refused("user stands without password; write user NAME password PASSWORD")
    _check_whole(url, password, token)
    if has_token and (not token or user is not None or not _is_plain(token)):
        raise Refused("behind token stands the token, and nothing else")
    place.user, place.password = user, password
    place.token = token if has_token else None
    return place


def _check_whole(url: str, password: "str | None", token: str) -> None:
    """What is shown of a secret must not become the secret."""
    if password == _HIDDEN or token == _HIDDEN or url.endswith("/" + _HIDDEN):
        raise Refused("what stands for a secret here is not the secret; type the whole value anew")


def _url(kind: str, text: str) -> Place:
    scheme, mark, rest = text.partition("://")
    if not mark or scheme not in _PORTS:
        raise Refused("this is not an address that begins with https:// or http://")
    end = min([place for place in (rest.find("/"), rest.find("?")) if place >= 0] or [len(rest)])
    authority, target = rest[:end], rest[end:]
    if "@" in authority:
        raise Refused("a login stands behind the address; write https://HOST/.. user NAME password PASSWORD")
    if "#" in target or not _is_plain(target) or "\\" in target:
        raise Refused("the path of the address has something that no address has; write it as a browser shows it")
    host, port = _host_and_port(authority, _PORTS[scheme])
    place = Place(kind, TLS if scheme == "https" else PLAIN, host, port)
    place.target = target if target.startswith("/") else "/" + target
    return place


def _host_and_port(text: str, port: int) -> tuple:
    has_port = text.rpartition("]")[2].find(":") >= 0
    place = address.parse(text if has_port else "%s:%d" % (text, port))
    if place[0] != "tcp":
        raise Refused("this is no host; write its name or address, for example alerts.example.org")
    return place[1], place[2]


def _is_plain(text: str) -> bool:
    """Whether it is visible ASCII, without space."""
    return all(32 < ord(character) < 127 for character in text)


def _login(text: str) -> tuple:
    """(what stands before, user or None, password or None) of `.. user NAME password THE REST`."""
    before, found, rest = split_at(text, "user")
    if not found:
        if find_word(text, "password") >= 0:
            raise Refused("password stands without user; write user NAME password PASSWORD")
        return text, None, None
    user, found, password = split_at(rest, "password")
    if not user or end_of_word(user, 0) != len(user) or ":" in user:
        raise Refused("behind user stands one name; write user NAME password PASSWORD")
    return before, user, password if found and password else None


def _every(text: str) -> int:
    units = {"m": 60, "h": 3600}
    if text[-1:] in units and is_digits(text[:-1]) and len(text) < 8:
        text = "%ds" % (int(text[:-1]) * units[text[-1]])
    try:
        return parse_duration(text, MIN_EVERY_MS, MAX_EVERY_MS)
    except Refused:
        raise Refused("behind every stands a duration from 30s to 24h; write for example every 5m")


def _syslog(text: str) -> Place:
    way, colon, rest = text.partition(":")
    if not colon or way not in _SYSLOG_PORTS or is_digits(rest):
        way, rest = UDP, text
    if not rest:
        raise Refused("the receiver is missing; write for example 192.0.2.5:514 or tcp:192.0.2.5:601")
    host, port = _host_and_port(rest, _SYSLOG_PORTS[way])
    return Place(SYSLOG, way, host, port)


def _mail_server(text: str, logs_in: bool) -> Place:
    scheme, mark, rest = text.partition("://")
    if mark and scheme not in ("smtp", "smtps"):
        raise Refused("a mail server is named without https:// or the like; write for example via mail.example.org:587")
    rest = rest.rstrip("/") if mark else text
    if not rest or end_of_word(rest, 0) != len(rest):
        raise Refused("behind via stands the mail server; write for example via mail.example.org:587")
    usual = _MAIL_PORTS[TLS if scheme == "smtps" else STARTTLS if logs_in else PLAIN]
    host, port = _host_and_port(rest, usual)
    local = address.is_loopback(host)
    secure = scheme == "smtps" or (port == _MAIL_PORTS[TLS] and not mark)
    return Place(MAIL, TLS if secure else PLAIN if local else STARTTLS, host, port)


def _receivers(text: str) -> tuple:
    receivers = tuple([_mail_address(each.strip(" \t")) for each in text.split(",")])
    if len(receivers) > MOST_RECEIVERS:
        raise Refused("these are more than %d addresses; use a list of your mail server's" % MOST_RECEIVERS)
    return receivers


def _mail_address(text: str) -> str:
    local, mark, domain = text.rpartition("@")
    if not mark or not local or not domain or not _is_plain(text) or any(each in '<>()[]:;,"\\@' for each in local):
        raise Refused("a mail address is missing or none; write for example me@example.org")
    _host_and_port(domain, 25)
    return text


def _sender(user: "str | None") -> str:
    if user is None or "@" not in user:
        raise Refused("who sends it is missing; write from board@example.org behind the mail server")
    return _mail_address(user)
