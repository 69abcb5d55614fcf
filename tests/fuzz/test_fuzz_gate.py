"""Queries, cookies, sessions and settings files from anybody: nothing escapes, nobody gets in, no line is lost."""

import json
import urllib.parse

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware import config
from firmware.errors import ProtocolError, Refused
from firmware.httpd import cookie, parameters
from firmware.httpd.conversation import MOST_REQUESTS
from firmware.httpd.static import Static
from firmware.wishes import read_all, rewritten
from tests.fuzz.test_fuzz_http import CUTS
from tests.unit.test_gate import NAME, House
from tests.unit.test_http import Client
from tests.unit.test_http_stream import Source, Stream
from tests.unit.test_static import Shelf
from tests.unit.test_status_api import WEB, Api

QUERY_PARTS = st.sampled_from(
    [b"a", b"b", b"=", b"&", b"+", b"%", b"%41", b"%c3%a9", b"%ff", b"%00", b"%2", b"lang=fr"]
)
QUERIES = st.one_of(st.binary(max_size=60), st.lists(QUERY_PARTS, max_size=20).map(b"".join))


@settings(max_examples=2500)
@given(QUERIES)
def test_a_query_as_another_parser_reads_it(data):
    data = bytes(byte for byte in data if 32 < byte < 127)
    try:
        found = parameters.parse(data)
    except ProtocolError:
        found = None
    try:
        pairs = urllib.parse.parse_qsl(data.decode(), keep_blank_values=True, errors="strict")
        reference = dict(pairs)
    except UnicodeError:
        reference, pairs = None, []
    if found is not None:
        assert found == reference and len(found) <= parameters.MOST
    elif reference is not None:  # what only this one refuses
        control = any(ord(letter) < 32 or ord(letter) == 127 for pair in reference.items() for letter in "".join(pair))
        bad_percent = any(len(each) < 2 or not _is_hex(each[:2]) for each in data.split(b"%")[1:])
        assert control or bad_percent or len(reference) != len(pairs) or len(pairs) > parameters.MOST, data


def _is_hex(text):
    return all(byte in b"0123456789abcdefABCDEF" for byte in text)


OWN = ("%s=%s" % (NAME, "A" * 43)).encode()
COOKIE_PARTS = st.sampled_from([OWN, OWN[:-1], b"; ", b";", b"=", b" ", b"a=b", b"\xff\x00", NAME.encode(), b"A" * 43])


@settings(max_examples=2000)
@given(st.one_of(st.binary(max_size=120), st.lists(COOKIE_PARTS, max_size=8).map(b"".join)))
def test_any_cookies(data):
    found = cookie.find(data, NAME)
    if found is not None:
        assert len(found) == cookie.LENGTH and _named(data) == [("%s=%s" % (NAME, found)).encode()]
    else:
        assert _named(data) != [OWN]


def _named(header):
    parts = [each.strip(b" \t") for each in header.split(b";")]
    return [part for part in parts if part.startswith(NAME.encode() + b"=")]


STREAM_PARTS = st.sampled_from(
    [b"GET ", b"POST ", b"HEAD ", b"/", b"/web/page.js", b"/api/live", b"/api/session", b"/api/login", b"/api/logout"]
    + [b"/api/status?lang=fr", b"/api/mark", b"?a=%", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"\r\n", b"Host: a\r\n"]
    + [b"Cookie: " + OWN + b"\r\n", b"Cookie: a=\xff; ", b"X-Sosie-Token: A\r\n", b"Accept-Encoding: gzip\r\n"]
    + [b'If-None-Match: "bb"\r\n', b"Connection: close\r\n", b"Content-Type: application/json\r\n"]
    + [b"Content-Length: 20\r\n", b'{"password": "guess"}', b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x00", b"x" * 9000]
)


@settings(max_examples=1500)
@given(st.lists(STREAM_PARTS, max_size=16).map(b"".join), CUTS, st.booleans())
def test_nobody_gets_in(data, cuts, anyone):
    house = House()
    house.anyone = anyone
    shelf = Shelf()
    routes = house.gate.routes()
    streams = []

    def look(request, answer):
        streams.append(Source(b"piece"))
        answer(Stream(streams[-1], "text/event-stream"))

    routes["/api/live"] = {"GET": look}
    static = Static(lambda done: done(*shelf.outcome))
    api = Api(house.board, WEB, house.gate, more=routes, static=static)
    client = Client(api.handle, lambda request, decided: api.admit(request, decided, "192.0.2.1"))
    turn = 0
    while data:
        n = cuts[turn % len(cuts)] * (1 if len(data) < 1000 else 97)
        turn += 1
        left = client.send(data[:n])
        while house.door.checks:
            house.door.step()
        client.take()
        if left == data[:n] and client.conversation.wanted() is None:
            break
        data = left + data[n:]
    if client.conversation.wanted() is not None:
        client.conversation.received(0)
    client.take()
    client.conversation.lost()
    assert client.conversation.finished
    assert all(source.calls in (["begin", "lost"], []) for source in streams)
    assert not streams or anyone
    assert house.board.names == [] and house.board.forces == [] and len(house.sessions) == 0
    assert client.got.count(b"HTTP/1.1 ") <= 2 * MOST_REQUESTS
    assert b" 500 " not in client.got
    if not anyone:
        assert b'"state"' not in client.got


LINES = st.sampled_from(
    [b"look = anyone", b"look=login", b"look = x", b"max_age = 2s", b"# look = x", b"", b" ", b"look", b"="]
    + [b"disk = /x", b"max_age = 2s # x", b"\xff", b"look = \x00", b"\r", b"rat = 2M"]
)
MARK = b"\xef\xbb\xbf"  # some editors put it in front
FILES = st.one_of(
    st.binary(max_size=80),
    st.lists(LINES, max_size=10).map(b"\n".join),
    st.lists(LINES, max_size=10).map(lambda lines: MARK + b"\n".join(lines)),
)
KEYS = {"look": None, "max_age": None}


@settings(max_examples=2000)
@given(FILES, st.sampled_from([b"look = anyone", None]), st.sampled_from([b"max_age = 5s", None]))
def test_any_settings_file_and_a_change(data, look, age):
    before, _ = read_all(data, KEYS, "/s")
    json.dumps(before)
    whole = rewritten(data, {"look": look, "max_age": age})
    after, _ = read_all(whole, KEYS, "/s")
    assert after.get("look", (None,))[0] == (None if look is None else "anyone")
    assert after.get("max_age", (None,))[0] == (None if age is None else "5s")
    assert rewritten(whole, {"look": look, "max_age": age}) == whole
    assert not whole or whole.startswith(MARK) == data.startswith(MARK)
    data, whole = data.removeprefix(MARK), whole.removeprefix(MARK)
    others = [line for line in data.split(b"\n") if b"look" not in line and b"max_age" not in line]
    assert [line for line in others if line.strip()] == [
        line for line in whole.split(b"\n") if line.strip() and b"look" not in line and b"max_age" not in line
    ]


@settings(max_examples=1000)
@given(st.binary(max_size=60))
def test_a_line_alone(data):
    try:
        found = config.read_line(1, data, {})
    except Refused:
        return
    assert found is None or len(found) == 3
