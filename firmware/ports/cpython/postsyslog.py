"""Letters as syslog messages (RFC 5424) by UDP (RFC 5426), or TCP and TLS with their length in front (RFC 6587 3.4.1).

UDP says nothing of what arrives; but a machine where nobody listens does, for those who wait a moment.
"""

import socket

from ...alerts import when
from ...alerts.letter import CALM
from ...alerts.place import TLS, UDP
from ...alerts.watch import CRITICAL
from . import posttls
from .posttext import one_line

_FACILITY = 3  # system daemons
_SEVERITIES = {CRITICAL: 2, CALM: 5}  # critical, notice
_WARNING = 4
_MOST_TEXT = 1200  # bytes: one datagram on any line
_MOMENT_S = 0.3
_BYE_S = 2


def deliver(job, place, letter) -> None:
    """Raises as postweb.deliver."""
    record = message(letter)
    if place.way == UDP:
        _throw(job, place, record)
        return
    sock = job.connect(place.host, place.port)
    try:
        if place.way == TLS:
            sock = posttls.context(job).wrap_socket(sock, server_hostname=place.host)
        sock.sendall(b"%d %s" % (len(record), record))
        _part(sock)
    finally:
        sock.close()


def message(letter) -> bytes:
    """The record: <PRI>1 TIME HOST APP PROCID MSGID SD BOM TEXT."""
    facts = letter.facts
    priority = _FACILITY * 8 + _SEVERITIES.get(letter.level, _WARNING)
    names = (when.stamp(facts["time_ms"]), _name(facts["board"], 255), _name(facts["condition"], 32))
    text = " ".join(one_line(facts["title"] + ". " + facts["text"]).split())
    head = ("<%d>1 %s %s sosie - %s - " % ((priority,) + names)).encode()
    return head + b"\xef\xbb\xbf" + text.encode()[:_MOST_TEXT].decode("utf-8", "ignore").encode()


def _name(text: str, most: int) -> str:
    """What may stand for a name there: visible ASCII."""
    return "".join([each if "!" <= each <= "~" else "_" for each in text])[:most] or "-"


def _throw(job, place, record: bytes) -> None:
    facts = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = facts[0]
    with job.use(socket.socket(family, kind, protocol)) as sock:
        sock.connect(address)
        sock.send(record)
        sock.settimeout(_MOMENT_S)
        try:
            sock.recv(1)
        except TimeoutError:
            pass


def _part(sock) -> None:
    """Hangs up in a way that shows whether the other end has gone before."""
    try:
        sock.shutdown(socket.SHUT_WR)
    except OSError as error:
        if isinstance(error, ConnectionError):
            raise
        return
    sock.settimeout(_BYE_S)
    try:
        sock.recv(1)
    except TimeoutError:
        pass
