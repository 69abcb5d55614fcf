"""The alarm about a certificate that expires, where the clock may be looked after by somebody else, or by nobody."""

import pytest

from firmware import matchmaker
from firmware.errors import Refused
from firmware.matchmaker import Locksmith
from firmware.pair.pairing import Pairing
from tests.unit.fakes_pair import Lane


class Board:
    """As its own keys and bulkhead."""

    def __init__(self, aging):
        self.aging = aging
        self.alarms, self.doubts, self.later = {}, {}, []
        self.pairing = Pairing(None, self, None, False, None, None)

    def alarm(self, source, sentence):
        self.alarms[source] = sentence

    def doubt(self, source, name):
        self.doubts[source] = name

    def lane(self, worker):
        return Lane(worker)

    def call_after(self, ms, call, *args):
        self.later.append(call)


def refused(now_s):
    raise Refused("the keys cannot be read")


@pytest.mark.parametrize("is_set, aging, told", [
    (True, lambda now_s: "soon", "soon"), (None, lambda now_s: "soon", "soon"), (False, lambda now_s: "soon", ""),
    (True, refused, ""),
])
def test_who_is_told_of_a_certificate_that_expires(monkeypatch, is_set, aging, told):
    monkeypatch.setattr(matchmaker.ports, "clock_is_set", lambda: is_set)
    board = Board(aging)
    locksmith = Locksmith(board, board)
    locksmith.start()
    assert board.alarms == {"certificates": told}
    assert board.later == [locksmith.start]
    judged = is_set is not False and aging is not refused
    assert board.doubts == {"certificates": "" if judged else "keys"}


class Clock:
    """Of the runtime, for a board that looks every 10 s."""

    def __init__(self, monkeypatch, is_set):
        self.now, self.wall, self.is_set = 0, 1700000000000, is_set
        monkeypatch.setattr(matchmaker.ports, "clock_is_set", lambda: self.is_set)
        monkeypatch.setattr(matchmaker.ports, "now_ms", lambda: self.now)
        monkeypatch.setattr(matchmaker.ports, "wall_ms", lambda: self.wall + self.now)

    def wait(self, board, seconds):
        for _ in range(seconds // 10):
            self.now += 10000
            board.later.pop()()


def test_a_clock_that_is_set_after_the_start_is_looked_for(monkeypatch):
    clock, asked = Clock(monkeypatch, False), []
    board = Board(lambda now_s: asked.append(now_s) or "soon")
    Locksmith(board, board).start()
    clock.wait(board, 300)
    assert (asked, board.doubts) == ([], {"certificates": "keys"})
    clock.is_set = True
    clock.wait(board, 10)
    assert (board.alarms, board.doubts) == ({"certificates": "soon"}, {"certificates": ""})
    clock.wait(board, 7200)
    assert asked == [1700000310 + 3600 * hour for hour in range(3)]  # and not more often: that reads the card


def test_what_was_judged_by_an_old_time_is_judged_again(monkeypatch):
    clock = Clock(monkeypatch, None)
    clock.wall = 0
    board = Board(lambda now_s: "soon" if now_s > 1000000000 else "")
    Locksmith(board, board).start()
    clock.wait(board, 30)
    assert board.alarms == {"certificates": ""}
    clock.wall = 1700000000000
    clock.wait(board, 10)
    assert board.alarms == {"certificates": "soon"}


def test_keys_that_cannot_be_read_are_looked_at_again_and_nobody_says_that_they_are_well(monkeypatch):
    clock = Clock(monkeypatch, True)
    board = Board(refused)
    Locksmith(board, board).start()
    clock.wait(board, 60)
    assert board.doubts == {"certificates": "keys"}
    board.aging = lambda now_s: "soon"
    clock.wait(board, 10)
    assert (board.alarms, board.doubts) == ({"certificates": "soon"}, {"certificates": ""})


def test_nobody_asks_again_while_the_card_hangs(monkeypatch):
    clock, asked = Clock(monkeypatch, True), []
    board = Board(None)
    board.pairing.do = lambda done, *args: asked.append(done)
    Locksmith(board, board).start()
    clock.wait(board, 7200)
    assert len(asked) == 1 and board.doubts == {"certificates": "keys"}
