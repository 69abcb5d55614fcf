"""HTTP and its JSON from anybody: nothing escapes, memory and time are bounded, nothing happens unasked."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware import flatjson
from firmware.api.api import Api
from firmware.errors import ProtocolError
from firmware.httpd.request import MAX_BODY
from tests.unit.test_http import Client
from tests.unit.test_status_api import WEB, PromotableBoard

PARTS = st.sampled_from(
    [
        b"GET",
        b"HEAD",
        b"POST",
        b"BREW",
        b" ",
        b"/",
        b"/api/status",
        b"/api/promote",
        b"/api/mark",
        b"?a=b",
        b" HTTP/1.1",
        b" HTTP/1.0",
    ]
    + [b"\r\n", b"\r\n\r\n", b"\n\n", b"\r", b":", b"Host: ", b"Host: 127.0.0.1:8080\r\n", b"Host: evil\r\n", b"\x00"]
    + [b"Content-Length: ", b"15", b"Content-Length: 15\r\n", b"Content-Type: application/json\r\n", b"-1", b"99999"]
    + [b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n", b'{"force": true}', b'{"force"', b"\xff" * 50]
    + [b"GET / HTTP/1.1\r\n", b"POST /api/promote HTTP/1.1\r\n", b"POST /api/mark HTTP/1.1\r\n", b'{"name": "abc"}']
    + [b"a" * 9000, b"\x16\x03\x01"]
)
STREAMS = st.one_of(st.binary(max_size=200), st.lists(PARTS, max_size=12).map(b"".join))
CUTS = st.lists(st.integers(1, 40), min_size=1, max_size=6)

HEAD = (
    b"POST /api/promote HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\n"
    b"Content-Length: 15\r\nX: y\r\n\r\n"
)
PROMOTE = HEAD + b'{"force": true}'


def converse(data, cuts, outcome=({"generation": 2}, None), hangs_up=True):
    """Plays a whole connection with sends and reads of the lengths `cuts`, in turn; returns (bytes, board)."""
    board = PromotableBoard(outcome)
    client = Client(Api(board, WEB).handle)
    turn = 0
    while data:
        n = cuts[turn % len(cuts)] * (1 if len(data) < 1000 else 97)
        turn += 1
        left = client.send(data[:n], n)
        data = left + data[n:]
        if left or turn % 3 == 0:
            client.take(n)
        if left and client.conversation.finished:
            break
        if left and client.conversation.outgoing() is None and client.conversation.wanted() is None:
            break
    if hangs_up and client.conversation.wanted() is not None:
        client.conversation.received(0)
    client.take(cuts[0])
    waits = 0
    while not client.conversation.finished:
        due = client.poll()
        assert due is not None and client.now_ms < due <= client.now_ms + 60000
        client.poll(due - client.now_ms)
        client.take(cuts[0])
        waits += 1
        assert waits < 5
    assert client.conversation.outgoing() is None
    client.conversation.lost()
    return client.got, board


def check_response(got):
    """The bytes are nothing, or exactly one response of the length that it says."""
    if got.startswith(b"HTTP/1.1 100 Continue\r\n\r\n"):
        got = got[25:]
    if not got:
        return None
    head, gap, body = got.partition(b"\r\n\r\n")
    lines = head.decode("ascii").split("\r\n")
    assert gap and lines[0].startswith("HTTP/1.1 ")
    status = int(lines[0][9:12])
    assert lines.count("Connection: close") == 1
    length = next(int(line[16:]) for line in lines if line.startswith("Content-Length: "))
    assert len(body) in (0, length)
    if not 200 <= status < 300:
        assert body == b"" or list(json.loads(body)) == ["error"]
    assert status != 500, body
    return status


@settings(max_examples=1500)
@given(STREAMS, CUTS, st.booleans())
def test_any_stream(data, cuts, hangs_up):
    got, board = converse(data, cuts, hangs_up=hangs_up)
    status = check_response(got)
    assert len(board.names) == (1 if status == 200 and b"mark" in data and board.names else 0)
    assert len(board.forces) == (1 if status == 200 and b"promote" in data and board.forces else 0)
    if board.forces:
        assert b"\r\n\r\n" in data and b"application/json" in data and b"127.0.0.1" in data


@settings(max_examples=1000)
@given(st.integers(0, len(PROMOTE) - 1), st.binary(max_size=3), st.integers(0, 3), CUTS)
def test_one_fault_in_a_good_request(place, put, cut, cuts):
    data = PROMOTE[:place] + put + PROMOTE[place + cut :]
    got, board = converse(data, cuts)
    status = check_response(got)
    if data == PROMOTE:
        assert status == 200
    assert board.forces in ([], [True], [False])
    assert bool(board.forces) == (status == 200)


@settings(max_examples=500)
@given(CUTS, st.binary(max_size=30))
def test_cuts_change_nothing(cuts, more):
    assert converse(PROMOTE + more, cuts)[0] == converse(PROMOTE, [1 << 20])[0]


@settings(max_examples=100)
@given(st.integers(0, 1 << 70), st.integers(0, 3))
def test_a_length_claims_no_more_memory_than_allowed(length, sent):
    client = Client(Api(PromotableBoard(), WEB).handle)
    client.send(HEAD.replace(b"15", b"%d" % length) + b"x" * sent)
    view = client.conversation.wanted()
    assert view is None or len(view) <= MAX_BODY


JSON_PARTS = st.sampled_from(
    list('{}[]:,"\\ \n\tu09afdD8-.eEx') + ['"a"', "true", "false", "null", "12", '"force":', "{}"]
)


def strict(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("twice")
    return found


def reference(text):
    """What another parser, kept to flat objects, makes of it: the dictionary or None."""
    try:
        found = json.loads(text, object_pairs_hook=strict)
    except (ValueError, RecursionError):
        return None
    if type(found) is not dict:
        return None
    texts = list(found) + [value for value in found.values() if isinstance(value, str)]
    if any(0xD800 <= ord(character) < 0xE000 for each in texts for character in each):
        return None
    flat = all(value is None or type(value) in (bool, int, str) for value in found.values())
    return found if flat else None


@settings(max_examples=2500)
@given(
    st.one_of(
        st.lists(JSON_PARTS, max_size=14).map("".join).map(lambda text: '{"a":' + text),
        st.lists(JSON_PARTS, max_size=14).map("".join),
        st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=5)).map(
            json.dumps
        ),
    )
)
def test_json_as_another_parser_reads_it(text):
    expected = reference(text)
    try:
        found = flatjson.parse(text.encode())
    except ProtocolError:
        found = None
    if expected is not None and found is None:  # integers beyond any use
        assert any(type(value) is int and abs(value) >= 10**20 for value in expected.values()), text
    else:
        assert found == expected


@settings(max_examples=500)
@given(st.binary(max_size=40))
def test_json_of_any_bytes(data):
    try:
        flatjson.parse(data)
    except ProtocolError:
        pass
