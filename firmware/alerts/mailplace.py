"""alert_mail: one mail server, and everybody who gets mail through it.

    me@example.org, you@example.org via mail.example.org:587 from board@example.org user NAME password THE REST

Outside of this machine nothing goes in the clear: STARTTLS is wanted, or TLS from the start (smtps:// or port 465).
"""

from firmware import address
from firmware.alerts.fields import check_whole, checked, end_of_word, host_and_port, is_plain, login, split_at
from firmware.alerts.place import MAIL, PLAIN, STARTTLS, TLS, Place
from firmware.errors import Refused

MOST_RECEIVERS = 20
_PORTS = {TLS: 465, STARTTLS: 587, PLAIN: 25}


def mail(text: str) -> list:
    """Of alert_mail: one server, and everybody who gets mail through it."""
    receivers, found, rest = split_at(checked(text), "via")
    if not found:
        raise Refused("the mail server is missing; write for example me@example.org via mail.example.org:587")
    rest, user, password = login(rest)
    if user is not None and password is None:
        raise Refused("user stands without password; write user NAME password PASSWORD")
    if password is not None and not all(31 < ord(character) < 127 for character in password):
        raise Refused("mail servers take plain characters only; choose another password there")
    check_whole("", password, "")
    server, found, sender = split_at(rest, "from")
    place = _mail_server(server, user is not None)
    place.user, place.password = user, password
    place.receivers = _receivers(receivers)
    place.sender = _mail_address(sender) if found else _sender(user)
    return [place]


def _mail_server(text: str, logs_in: bool) -> Place:
    scheme, mark, rest = text.partition("://")
    if mark and scheme not in ("smtp", "smtps"):
        raise Refused("a mail server is named without https:// or the like; write for example via mail.example.org:587")
    rest = rest.rstrip("/") if mark else text
    if not rest or end_of_word(rest, 0) != len(rest):
        raise Refused("behind via stands the mail server; write for example via mail.example.org:587")
    usual = _PORTS[TLS if scheme == "smtps" else STARTTLS if logs_in else PLAIN]
    host, port = host_and_port(rest, usual)
    local = address.is_loopback(host)
    secure = scheme == "smtps" or (port == _PORTS[TLS] and not mark)
    return Place(MAIL, TLS if secure else PLAIN if local else STARTTLS, host, port)


def _receivers(text: str) -> tuple:
    receivers = tuple([_mail_address(each.strip(" \t")) for each in text.split(",")])
    if len(receivers) > MOST_RECEIVERS:
        raise Refused("these are more than %d addresses; use a list of your mail server's" % MOST_RECEIVERS)
    return receivers


def _mail_address(text: str) -> str:
    local, mark, domain = text.rpartition("@")
    wrong = any(each in '<>()[]:;,"\\@' for each in local) or "=?" in text  # the latter is decoded by who writes mail
    if not mark or not local or not domain or not is_plain(text) or wrong:
        raise Refused("a mail address is missing or none; write for example me@example.org")
    host_and_port(domain, 25)
    return text


def _sender(user: "str | None") -> str:
    if user is None or "@" not in user:
        raise Refused("who sends it is missing; write from board@example.org behind the mail server")
    return _mail_address(user)
