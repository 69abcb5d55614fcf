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
        self.alarms, self.later = {}, []
        self.pairing = Pairing(None, self, None, False, None, None)

    def alarm(self, source, sentence):
        self.alarms[source] = sentence

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
