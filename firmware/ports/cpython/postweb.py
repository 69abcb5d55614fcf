"""Letters over HTTP: a webhook's JSON, a push in the manner of ntfy, a ping."""

import base64
import http.client
import json
from email.header import Header

from ...alerts.letter import CALM
from ...alerts.notice import TEST
from ...alerts.place import PING, PUSH, TLS
from ...alerts.watch import CRITICAL
from ...errors import Undelivered
from . import posttls
from .posttext import lines, one_line

_MOST_ANSWER = 4096
_BUSY = (408, 425, 429)
_PRIORITIES = {CRITICAL: "5", CALM: "3"}  # of 1 to 5
_TAGS = {CRITICAL: "rotating_light", CALM: "white_check_mark"}


def deliver(job, place, letter) -> None:
    """Raises Undelivered when the answer is another than 2xx, and whatever a connection raises."""
    method, headers, body = _request(place, letter)
    headers["User-Agent"] = "sosie/" + _token(letter.facts["version"])
    headers["Connection"] = "close"
    if place.token is not None:
        headers["Authorization"] = "Bearer " + place.token
    elif place.user is not None:
        login = ("%s:%s" % (place.user, place.password)).encode()
        headers["Authorization"] = "Basic " + base64.b64encode(login).decode()
    connection = _connection(job, place)
    try:
        connection.request(method, place.target, body, headers)
        response = connection.getresponse()
        _judge(response)
        response.read(_MOST_ANSWER)  # a server that is closed on may think that we have gone
    finally:
        connection.close()


def _connection(job, place) -> http.client.HTTPConnection:
    sock = job.connect(place.host, place.port)
    if place.way == TLS:
        context = posttls.context(job)
        connection = http.client.HTTPSConnection(place.host, place.port, context=context)
        sock = context.wrap_socket(sock, server_hostname=place.host)
    else:
        connection = http.client.HTTPConnection(place.host, place.port)
    connection.sock = sock
    return connection


def _request(place, letter) -> tuple:
    if place.kind == PING:
        return "GET", {}, None
    if place.kind == PUSH:
        headers = {
            "Title": _title(letter.facts["title"]),
            "Priority": _PRIORITIES.get(letter.level, "4"),
            "Tags": "test_tube" if letter.facts["event"] == TEST else _TAGS.get(letter.level, "warning"),
        }
        return "POST", headers, lines(letter.facts["text"]).encode()
    return "POST", {"Content-Type": "application/json"}, json.dumps(letter.facts).encode()


def _title(text: str) -> str:
    """As a header; who reads it decodes it once, so what looks encoded is encoded."""
    text = one_line(text)
    return text if text.isascii() and "=?" not in text else Header(text, "utf-8", 10000).encode()


def _judge(response) -> None:
    status = response.status
    if 200 <= status < 300:
        return
    words = ("%d %s" % (status, _token(response.reason or "")[:40])).rstrip()
    if 300 <= status < 400:
        # Whoever may send us elsewhere would get what lets us in, and what we say.
        raise Undelivered("it answers %s, which points elsewhere; write the address that it points to" % words, True)
    raise Undelivered("it answers %s" % words, status < 500 and status not in _BUSY)


def _token(text: str) -> str:
    return "".join([character for character in text if " " <= character <= "~"])
