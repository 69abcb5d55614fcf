"""The chronicle on real files, a real loop and a real lane."""

import json
import os
import resource
import threading
import time

import pytest

from firmware import chronicler, ports
from firmware.bulkhead import Bulkhead, wait_for
from firmware.chronicler import Chronicler, open_storage
from firmware.errors import Refused
from firmware.httpd.request import Request
from firmware.pair.identity import PRIMARY
from firmware.ports.smallfile import explained
from firmware.status.chronicle import chronicle as machine
from firmware.status.chronicle.layout import FILE_SIZE
from firmware.status.events import Events


class Clock:
    now_ms = staticmethod(ports.now_ms)
    wall_ms = staticmethod(ports.wall_ms)


class Identity:
    role = PRIMARY


class Board:
    """What a Chronicler asks of one."""

    def __init__(self):
        self.clock = Clock
        self.identity = Identity
        self.clock_set = None
        self.serving = True
        self.alarms = {}
        self.events = Events(Clock.wall_ms, Clock.now_ms)

    def facts(self):
        return {
            "oldest_ms": None, "backlog_bytes": 0, "host": {"write_bytes": 5}, "sent_bytes": 6, "journal_written": 7,
            "written": 0, "acked": 0, "now_ms": 0, "clock_set": None, "other": None,
        }  # fmt: skip

    def alarm(self, source, sentence):
        self.alarms[source] = sentence


class Live:
    def __init__(self):
        self.told = []

    def language(self, request):
        return "fr" if request.query.get("lang") == "fr" else "en"

    def happened(self, event):
        self.told.append((event.id, event.sentence, event.sure))


def knows(board):
    """Whether it has a chronicle, or said why not."""
    return board.chronicle.kept or board.alarms.get("chronicle")


def live_for(seconds, path, before=None, board=None, until=knows):
    """A board that lives so long, and on until(board); (board, Live, what /api/events answers at its end)."""
    board, loop, live, answers = board or Board(), ports.Loop(), Live(), []
    bulkhead = Bulkhead("chronicle", loop, board.alarm)
    part = Chronicler(board, bulkhead, None if path is None else str(path), live)

    def ask():
        request = Request("GET", "/api/events")
        request.query = {}
        part.routes()["/api/events"]["GET"](request, lambda answer: (answers.append(answer), loop.stop()))

    def look():
        if path is None or until(board):
            ask()
        else:
            loop.call_after(50, look)

    part.start()
    if before is not None:
        before(board)
    loop.call_after(int(seconds * 1000), look)
    loop.call_after(30000, loop.stop)
    loop.run()
    part.close()
    wait_for([bulkhead])
    return board, live, [each["sentence"] for each in json.loads(answers[0].body)["events"]] if answers else None


def test_across_restarts(tmp_path):
    path = tmp_path / "chronicle"
    board, live, told = live_for(2, path, lambda board: board.events.note("left started"))
    assert told == ["left started"] and board.alarms["chronicle"] == ""
    assert live.told == [(1, "left started", True)]
    assert path.stat().st_size == FILE_SIZE and path.stat().st_mode & 0o777 == 0o600
    board, live, told = live_for(2, path, lambda board: board.events.note("left started again"))
    assert told == ["left started", "left started again"]
    assert board.chronicle.kept and board.chronicle.card_bytes == 14
    assert path.stat().st_size == FILE_SIZE and path.stat().st_blocks * 512 >= FILE_SIZE


def test_no_second_board_writes_into_it(tmp_path, monkeypatch):
    monkeypatch.setattr(chronicler, "_WAIT_MS", 100)
    first = open_storage(str(tmp_path / "chronicle"))
    board, _, told = live_for(1.5, tmp_path / "chronicle", lambda board: board.events.note("it burns"))
    assert "is in use" in board.alarms["chronicle"] and told == ["it burns"]
    first.close()


def test_a_file_that_a_power_cut_left_empty(tmp_path):
    path = tmp_path / "chronicle"
    path.touch()
    board, _, _ = live_for(1.5, path)
    assert board.chronicle.kept and path.stat().st_size == FILE_SIZE


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: os.mkfifo(path)], ids=["folder", "fifo"])
def test_something_that_is_no_file(tmp_path, make):
    make(tmp_path / "chronicle")
    board, _, told = live_for(1.5, tmp_path / "chronicle", lambda board: board.events.note("it burns"))
    assert "is neither a file nor a block device" in board.alarms["chronicle"] and told == ["it burns"]


def test_a_folder_that_is_not_there(tmp_path):
    board, _, told = live_for(1.5, tmp_path / "none" / "chronicle", lambda board: board.events.note("it burns"))
    assert "No such file" in board.alarms["chronicle"] and told == ["it burns"]


def test_a_file_that_is_deleted_meanwhile_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "EVENT_AFTER_MS", 0)
    path = tmp_path / "chronicle"

    def goes_on(board):
        if board.chronicle.kept and len(board.events.entries()) == 1:
            path.unlink()
            board.events.note("it burns")
        return board.chronicle.kept and len(board.events.entries()) == 3

    board, _, told = live_for(1.5, path, lambda board: board.events.note("left started"), until=goes_on)
    assert board.chronicle.kept and path.stat().st_size == FILE_SIZE
    assert told[:2] == ["left started", "it burns"] and "was deleted, or replaced" in told[2]
    _, _, again = live_for(1.5, path)
    assert again == told


def test_a_sentence_says_what_to_do():
    assert explained(OSError(5, "raw")) == "Input/output error; replace the medium, or name another place"
    assert explained(Refused("it is so")) == "it is so"


def test_no_room(tmp_path):
    path, limits = tmp_path / "chronicle", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, limits[1]))
    try:
        with pytest.raises(Refused):
            open_storage(str(path))
        board, _, told = live_for(1.5, path, lambda board: board.events.note("it burns"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "cannot make" in board.alarms["chronicle"] and told == ["it burns"] and not path.exists()


def test_a_card_that_hangs_holds_nobody_up(tmp_path, monkeypatch):
    """All that touches the file is in the lane: the loop never waits for it."""
    go_on = threading.Event()
    opened = chronicler.open_storage

    def slow(path):
        go_on.wait(30)
        return opened(path)

    monkeypatch.setattr(chronicler, "open_storage", slow)
    board, loop = Board(), ports.Loop()
    bulkhead = Bulkhead("chronicle", loop, board.alarm)
    part = Chronicler(board, bulkhead, str(tmp_path / "chronicle"), Live())
    beats, longest = [time.monotonic()], [0]

    def beat():
        now = time.monotonic()
        longest[0] = max(longest[0], now - beats[-1])
        beats.append(now)
        if len(beats) > 60 and now - beats[0] > 3:
            loop.stop()
        loop.call_after(20, beat)

    beat()
    part.start()
    loop.run()
    assert longest[0] < 15, longest  # half of the time for which the card hangs
    assert board.chronicle.seconds.end >= 2
    monkeypatch.setattr(chronicler, "_PATIENCE_S", 2)
    began = time.monotonic()
    part.close()
    assert time.monotonic() - began < 1
    wait_for([bulkhead])
    assert 1.5 < time.monotonic() - began < 10
    go_on.set()


def test_without_a_file():
    board, live, told = live_for(1.2, None, lambda board: board.events.note("it burns"))
    assert told == ["it burns"] and not board.chronicle.kept and "chronicle" not in board.alarms
    assert live.told == [(1, "it burns", True)]


def test_a_clock_that_is_not_set_is_told_live_too():
    board = Board()
    board.clock_set = False
    _, live, _ = live_for(1.2, None, lambda board: board.events.note("it burns"), board)
    assert live.told == [(1, "it burns", False)]
