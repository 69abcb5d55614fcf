"""Where alerts go, as a person writes it in board.conf. Nothing is looked up or tried here.

    alert_webhook = https://hooks.example/T0/B1, https://192.0.2.9:8443/alerts token abc
    alert_push    = https://ntfy.example/our-boards user me password the rest of the line
    alert_mail    = me@example.org, you@example.org via mail.example.org:587 user me@example.org password the rest
    alert_syslog  = 192.0.2.5:514, tcp:logs.example:601, tls:logs.example:6514
    alert_ping    = https://ping.example/4c1b-99 every 5m

A value becomes a list of Place. Its path, its query, its password may each be what keeps others out, so `to` and
shown(), which are what surfaces show, have none of them. A password may have anything in it, so it ends with the line:
what follows it there is never another receiver, whose host would be shown and looked up. Outside of this machine no
password and no token goes in the clear.
"""

from firmware import address
from firmware.alerts.fields import check_whole, checked, find_word, host_and_port, is_plain, login, split_at
from firmware.alerts.mailplace import mail
from firmware.alerts.place import HIDDEN, PING, PLAIN, PUSH, SYSLOG, TCP, TLS, UDP, WEBHOOK, Place
from firmware.errors import Refused
from firmware.quantity import is_digits, parse_span

MOST_PLACES = 8  # of one key
MIN_EVERY_S, MAX_EVERY_S, EVERY_S = 30, 86400, 300
_PORTS = {"http": 80, "https": 443}
_SYSLOG_PORTS = {UDP: 514, TCP: 601, TLS: 6514}


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
        place.every_ms = (_every(every) if found else EVERY_S) * 1000
        places.append(place)
    return _several(places)


def syslogs(text: str) -> list:
    """Of alert_syslog."""
    return _several([_syslog(each.strip(" \t")) for each in checked(text).split(",")])


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
        return HIDDEN


def _whole(place: Place) -> str:
    words = place.to
    if place.kind == PING:
        words += " every %ds" % (place.every_ms // 1000)
    if place.user is not None:
        words += " user %s password %s" % (place.user, HIDDEN)
    return words + (" token " + HIDDEN if place.token is not None else "")


# Parts of them


def _entries(text: str) -> list:
    """What stands between commas that an address follows; others belong to an address or a password."""
    entries, start, place = [], 0, 0
    text = checked(text)
    while True:
        place = text.find(",", place)
        if place < 0:
            break
        scheme, mark, _ = text[place + 1 :].lstrip(" \t").partition("://")
        if not scheme or (mark and scheme in _PORTS):
            entries.append(text[start:place])
            start = place + 1
        place += 1
    if any(find_word(each, "password") >= 0 for each in entries):
        raise Refused("a password ends with the line; put this receiver last, and give others a token")
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
    rest, user, password = login(text)
    url, has_token, token = split_at(rest, "token")
    place = _url(kind, url)
    if user is not None and password is None:
        raise Refused("user stands without password; write user NAME password PASSWORD")
    check_whole(url, password, token)
    if has_token and (not token or user is not None or not is_plain(token)):
        raise Refused("behind token stands the token, and nothing else")
    if (user is not None or has_token) and place.way != TLS and not address.is_loopback(place.host):
        raise Refused("a password or token does not go in the clear over a network; write https://")
    place.user, place.password = user, password
    place.token = token if has_token else None
    return place


def _url(kind: str, text: str) -> Place:
    scheme, mark, rest = text.partition("://")
    if not mark or scheme not in _PORTS:
        raise Refused("this is not an address that begins with https:// or http://")
    end = min([place for place in (rest.find("/"), rest.find("?")) if place >= 0] or [len(rest)])
    authority, target = rest[:end], rest[end:]
    if "@" in authority:
        raise Refused("a login stands behind the address; write https://HOST/.. user NAME password PASSWORD")
    if "#" in target or not is_plain(target) or "\\" in target:
        raise Refused("the path of the address has something that no address has; write it as a browser shows it")
    host, port = host_and_port(authority, _PORTS[scheme])
    place = Place(kind, TLS if scheme == "https" else PLAIN, host, port)
    place.target = target if target.startswith("/") else "/" + target
    return place


def _every(text: str) -> int:
    try:
        return parse_span(text, MIN_EVERY_S, MAX_EVERY_S)
    except Refused:
        raise Refused("behind every stands a duration from 30s to 24h; write for example every 5m")


def _syslog(text: str) -> Place:
    way, colon, rest = text.partition(":")
    if not colon or way not in _SYSLOG_PORTS or is_digits(rest):
        way, rest = UDP, text
    if not rest:
        raise Refused("the receiver is missing; write for example 192.0.2.5:514 or tcp:192.0.2.5:601")
    host, port = host_and_port(rest, _SYSLOG_PORTS[way])
    return Place(SYSLOG, way, host, port)
