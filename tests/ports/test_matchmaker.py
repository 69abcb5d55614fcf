"""The alarm about a certificate that expires, where the clock may be looked after by somebody else, or by nobody."""

import pytest

from firmware import matchmaker
from firmware.errors import Refused


class Board:
    def __init__(self, aging):
        self.pairing = self.keys = self
        self.aging = aging
        self.alarms = {}

    def alarm(self, source, sentence):
        self.alarms[source] = sentence

    def call_after(self, ms, call, *args):
        self.later = call, args


def refused(now_s):
    raise Refused("the keys cannot be read")


@pytest.mark.parametrize("is_set, aging, told", [
    (True, lambda now_s: "soon", "soon"), (None, lambda now_s: "soon", "soon"), (False, lambda now_s: "soon", ""),
    (True, refused, ""),
])
def test_who_is_told_of_a_certificate_that_expires(monkeypatch, is_set, aging, told):
    monkeypatch.setattr(matchmaker.ports, "clock_is_set", lambda: is_set)
    board = Board(aging)
    matchmaker.watch_age(board, board)
    assert board.alarms == {"certificates": told}
    assert board.later == (matchmaker.watch_age, (board, board))
