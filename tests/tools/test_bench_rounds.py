"""The order of measuring, and that one failure or a long run does not spoil the rest."""

from tools.bench import fio, rounds
from tools.bench.fio import BenchError
from tools.bench.rounds import Clock, Measure, Results

ROWS = fio.ROWS[:2]


class FakeServer:
    def __init__(self, key):
        self.key = key
        self.title = key


class FakeMeasure(Measure):
    """Notes the order; the server named `broken` fails."""

    def __init__(self, broken=None):
        super().__init__(None, 1, 0, self.hear)
        self.order = []
        self.said = []
        self.broken = broken

    def hear(self, text):
        self.said.append(text)

    def one(self, server, row):
        self.order.append((server.key, row.key))
        if server.key == self.broken:
            raise BenchError("it fell over")
        return {"iops": len(self.order), "bytes_per_s": 1, "p99_us": 1}


class FakePair(FakeServer):
    def __init__(self, refuses=None):
        super().__init__("sosie")
        self.places = []
        self.made_room = 0
        self.refuses = refuses

    def put(self, where, distance_ms):
        if where == self.refuses:
            raise BenchError("no link")
        self.places.append((where, distance_ms))

    def make_room(self):
        self.made_room += 1


def servers():
    return [FakeServer("a"), FakeServer("b"), FakeServer("c")]


def test_servers_take_turns_and_the_first_moves_on():
    measure = FakeMeasure()
    rounds.run(measure, Results(), servers(), ROWS, 2, Clock(100))
    first, second = measure.order[:6], measure.order[6:]
    assert [server for server, _ in first] == ["a", "b", "c"] * 2
    assert [server for server, _ in second] == ["b", "c", "a"] * 2
    assert [row for _, row in first] == ["w4k1"] * 3 + ["w4k16"] * 3


def test_a_failure_is_kept_and_the_others_go_on():
    results = Results()
    rounds.run(FakeMeasure("b"), results, servers(), ROWS, 3, Clock(100))
    assert results.failures["w4k1", "b"] == ["it fell over"] * 3
    assert results.median("w4k1", "b", "iops") is None
    assert len(results.cells["w4k16", "c"]) == 3


def test_median_and_worst():
    results = Results()
    for iops in (5, 1, 3):
        results.add("w4k1", "a", {"iops": iops})
    assert results.median("w4k1", "a", "iops") == 3
    assert results.most("w4k1", "a", "iops") == 5
    assert results.median("w4k1", "a", "drain_s") is None


def test_no_round_begins_when_time_is_up():
    measure, clock = FakeMeasure(), Clock(0)
    clock.begin -= 1  # a second has passed
    rounds.run(measure, Results(), servers(), ROWS, 5, clock)
    assert len(measure.order) == 6  # one round is always measured
    assert "Time is up: 1 of 5 rounds were measured" in measure.said


def test_each_place_is_taken_in_each_round():
    pair, results = FakePair(), Results()
    rounds.run_places(FakeMeasure(), results, pair, ROWS, 2, 50, Clock(100))
    assert pair.places == [("near", 50), ("gone", 50), ("away", 50)] * 2
    assert len(results.cells["w4k1", "away"]) == 2
    assert pair.made_room == 2 * 3 * len(ROWS)


def test_a_place_that_cannot_be_taken_is_told():
    results = Results()
    rounds.run_places(FakeMeasure(), results, FakePair("away"), ROWS, 2, 50, Clock(100))
    assert results.failures["w4k16", "away"] == ["no link"]
    assert len(results.cells["w4k1", "near"]) == 1


class CountedServer(FakeServer):
    """Uses a second of processor time in its run and half a second to settle."""

    uri, size = "nbd+unix:///?socket=/none", 1 << 30

    def __init__(self):
        super().__init__("sosie")
        self.used = 7.0

    def cpu(self):
        return {"primary": self.used}

    def settle(self):
        self.used += 0.5
        return {"backlog_bytes": 3, "drain_s": 0.25}


def test_processor_time_counts_the_aftermath(monkeypatch):
    server = CountedServer()

    def run(workspace, row, uri, size, seconds, warm_up_s):
        server.used += 1.0
        return {"iops": 1000.0, "bytes_per_s": 1e9}

    monkeypatch.setattr(fio, "run", run)
    measure = Measure(None, 1.5, 0.5, None)
    plain = measure.one(server, fio.ROWS[0])
    assert (plain["cpu_s_primary"], plain["cpu_per_gb_primary"], plain["cpu_per_1000_primary"]) == (1.5, 0.75, 0.75)
    with_flush = measure.one(server, next(row for row in fio.ROWS if row.flush_every == 1))
    assert with_flush["cpu_per_1000_primary"] == 0.375  # a flush is a command as well
    assert with_flush["drain_s"] == 0.25
