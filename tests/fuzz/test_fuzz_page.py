"""HTTP from anybody to a board with a password that takes updates: nothing escapes, nobody gets in, nothing is kept."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.api.api import Api
from firmware.api.updates import Updates
from firmware.api.upload import PIECE
from firmware.httpd.request import MAX_BODY
from tests.fuzz.test_fuzz_http import CUTS, check_response
from tests.unit.fakes_storage import ManualLane
from tests.unit.test_http import Client
from tests.unit.test_login import SECRET, Door, header
from tests.unit.test_status_api import WEB, PromotableBoard
from tests.unit.test_updates import FakeInbox

RIGHT, WRONG = (b"Authorization: %s\r\n" % header(word).encode() for word in (SECRET, "guess"))
UPLOAD = b"POST /api/update HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nContent-Length: 9\r\n"
FILE = b"123456789"
PARTS = st.sampled_from(
    [b"GET ", b"POST ", b"/", b"/update", b"/api/update", b"/api/update/restart", b"/api/mark"]
    + [b" HTTP/1.1\r\n", b"\r\n"]
    + [b"Host: a\r\n", b"Origin: https://a\r\n", b"Origin: null\r\n", RIGHT, WRONG, b"Authorization: Basic \r\n"]
    + [b"Authorization: ", b"Basic ", b"YTpi", b"====", b"\xc3\xa9", b"Content-Length: 9\r\n"]
    + [b"Content-Length: 999999\r\n"]
    + [b"Content-Type: application/octet-stream\r\n", b"Content-Type: application/json\r\n", b'{"name": "abc"}', FILE]
    + [b"Expect: 100-continue\r\n", UPLOAD, UPLOAD + RIGHT + b"\r\n", UPLOAD + WRONG + b"\r\n", b"x" * 9000]
)
STREAMS = st.one_of(st.binary(max_size=200), st.lists(PARTS, max_size=12).map(b"".join))


class Board:
    """All that stands behind one connection."""

    def __init__(self):
        self.door = Door()
        self.inbox = FakeInbox()
        self.lane = ManualLane(self.inbox)
        self.board = PromotableBoard(({"generation": 2}, None))
        updates = Updates(self.lane.submit, lambda: "1", self.door.notes.append)
        self.api = Api(self.board, WEB, self.door.login, updates)
        self.client = Client(self.api.handle, lambda request, decided: self.api.admit(request, decided, "192.0.2.1"))

    def work(self):
        """What is done elsewhere is done."""
        while self.lane.jobs or self.door.checks:
            self.lane.run()
            if self.door.checks:
                self.door.step()


def converse(data, cuts, eager, hangs_up):
    board, turn = Board(), 0
    client = board.client
    while data:
        n = cuts[turn % len(cuts)] * (1 if len(data) < 1000 else 97)
        turn += 1
        left = client.send(data[:n])
        data = left + data[n:]
        view = client.conversation.wanted()
        assert view is None or len(view) <= max(MAX_BODY, PIECE)
        if eager or left:
            board.work()
            client.take(n)
        if left and client.conversation.wanted() is None:
            break
    if hangs_up:
        client.conversation.lost()
    elif client.conversation.wanted() is not None:
        client.conversation.received(0)
    board.work()
    client.take(cuts[0])
    for _ in range(6):
        if not client.conversation.finished:
            client.poll(60000)
            board.work()
            client.take(cuts[0])
    assert client.conversation.finished and client.conversation.outgoing() is None
    assert board.api._updates._upload is None and board.inbox.data is None
    return client.got, board


@settings(max_examples=1500)
@given(STREAMS, CUTS, st.booleans(), st.booleans())
def test_any_stream(data, cuts, eager, hangs_up):
    got, board = converse(data, cuts, eager, hangs_up)
    status = check_response(got)
    if header(SECRET).encode() not in data:
        assert status is None or 400 <= status < 500
        assert board.inbox.calls == ["abandon"] and not board.board.names and not board.board.forces
    if board.inbox.whole is not None:
        assert len(board.inbox.whole) == 9
        assert hangs_up or status == 202


@settings(max_examples=1000)
@given(st.integers(0, 230), st.binary(max_size=3), st.integers(0, 3), CUTS, st.booleans())
def test_one_fault_in_a_good_upload(place, put, cut, cuts, eager):
    good = UPLOAD + RIGHT + b"\r\n" + FILE
    data = good[:place] + put + good[place + cut :]
    got, board = converse(data, cuts, eager, False)
    status = check_response(got)
    if data == good:
        assert (status, json.loads(got.partition(b"\r\n\r\n")[2])["state"]) == (202, "checking")
        assert board.inbox.whole == FILE
    assert (board.inbox.whole is not None) == (status == 202)
