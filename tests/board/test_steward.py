"""The supervisor with a clock and children that a test moves: who runs when, what is said, how it ends."""

import os

import pytest

from board.steward import __main__ as supervisor
from board.steward.__main__ import Steward
from board.steward.child import Child, cause
from board.steward.disks import Waiting
from firmware.errors import Refused

FIRMWARE, STAND_IN = "firmware", "board.steward.standin"


class FakeChild:
    """Runs until the script says otherwise: `ends` is (seconds, exit code, last words) or None."""

    def __init__(self, world, module, arguments, ends):
        self.module, self.arguments = module, arguments
        self.world = world
        self.begin = world.now
        self.timezone = os.environ["TZ"]
        self.ends = ends
        self.code = None
        self.last_words = ""
        self.closed = False

    def ended(self):
        if self.code is None and self.ends is not None and self.world.now - self.begin >= self.ends[0]:
            self.code, self.last_words = self.ends[1:]
            self.world.said.append("%s ended" % self.module)
        return self.code

    def ask_to_end(self):
        self.code = 0 if self.code is None else self.code
        self.world.said.append("%s is asked to end" % self.module)

    def wait(self, seconds):
        if self.ended() is None:
            self.code = -9
        return self.code

    def close(self):
        self.closed = True


class Memory:
    def keep_journal(self):
        return True


class Board:
    memory = Memory()
    alarms = ["keys lie there", "and there"]
    timezone = None


class World:
    """`verdicts(now)` is what judge() says; `scripts`: how the next firmwares end; the stand-ins' lives are endless."""

    def __init__(self, monkeypatch, verdicts, scripts=(), until=300.0):
        self.now = 0.0
        self.until = until
        self.children = []
        self.said = []
        self.notified = []
        self.prints = "same"
        self.scripts = list(scripts)
        self.stand_in_ends = None
        monkeypatch.setenv("TZ", "Asia/Tokyo")  # the steward's own; a child has its board's
        monkeypatch.setattr(supervisor, "judge", lambda machine: self.judge(verdicts))
        monkeypatch.setattr(supervisor, "fingerprint", lambda machine: self.fingerprint())
        machine = type("Machine", (), {"board_conf": "/run/board.conf", "settling": False})()
        self.steward = Steward(machine, self.make, lambda: self.now, self.notify, self.wait)

    def judge(self, verdicts):
        verdict = verdicts(self.now)
        if isinstance(verdict, Exception):
            raise verdict
        return Board

    def fingerprint(self):
        return self.prints(self.now) if callable(self.prints) else self.prints

    def make(self, module, *arguments, **variables):
        ends = (self.scripts.pop(0) if self.scripts else None) if module == FIRMWARE else self.stand_in_ends
        child = FakeChild(self, module, arguments, ends)
        child.variables = variables
        for other in self.children:
            assert other.code is not None, "%s runs beside %s" % (module, other.module)
        self.children.append(child)
        return child

    def notify(self, text):
        self.notified.append((self.now, text))

    def wait(self, child, seconds):
        self.now += max(0.01, seconds)
        if self.now >= self.until:
            self.steward.stop()

    def run(self):
        code = self.steward.run()
        assert all(child.code is not None and child.closed for child in self.children)
        return code

    def lives(self):
        return [(child.module, round(child.begin, 1)) for child in self.children]

    def sentences(self):
        return [child.arguments[0] for child in self.children if child.module == STAND_IN]


def well(now):
    return Board


@pytest.fixture
def world(monkeypatch):
    return lambda *arguments, **more: World(monkeypatch, *arguments, **more)


@pytest.mark.parametrize(("timezone", "shown"), [(None, "UTC"), ("Europe/Paris", "Europe/Paris")])
def test_the_firmware_has_the_time_zone_of_its_board(world, monkeypatch, timezone, shown):
    monkeypatch.setattr(Board, "timezone", timezone)
    it = world(well)
    it.run()
    assert [child.timezone for child in it.children] == [shown]


def test_all_is_well(world):
    it = world(well)
    assert it.run() == 0
    assert it.lives() == [(FIRMWARE, 0.0)] and it.children[0].arguments == ("/run/board.conf",)
    assert it.children[0].variables == {"SOSIE_ALARMS": "keys lie there\nand there"}
    assert it.notified[0] == (0.0, "READY=1")
    assert it.said == ["firmware is asked to end"]


def test_the_firmware_answers_for_itself_after_a_while(world):
    it = world(well)
    it.run()
    last = max(now for now, text in it.notified if text == "WATCHDOG=1")
    assert 25 <= last < 31  # else a firmware that hangs would never be found


def test_a_stop_that_takes_its_time(world):
    it = world(well)
    it.make = lambda module, *arguments, **variables: it.children.append(child) or child
    child = FakeChild(it, FIRMWARE, (), None)
    child.ask_to_end = lambda: None
    it.steward._make_child = it.make
    it.run()
    assert child.code == -9  # in the end it is killed


def test_a_disk_that_is_not_there_yet_is_waited_for(world):
    it = world(lambda now: Waiting("no disk") if now < 15 else Board)
    it.run()
    assert it.lives()[0][0] == FIRMWARE and 15 <= it.lives()[0][1] < 18


def test_a_busy_machine_is_given_more_time(world):
    it = world(lambda now: Waiting("no disk"), until=200)
    it.steward._machine.settling = True
    it.run()
    assert 120 <= it.lives()[0][1] < 123


def test_a_disk_that_does_not_come_is_told(world):
    it = world(lambda now: Waiting("no disk"), until=50)
    it.run()
    assert it.lives()[0][0] == STAND_IN and 20 <= it.lives()[0][1] < 23 and it.sentences() == ["no disk"]


def test_what_is_wrong_is_told_at_once(world):
    it = world(lambda now: Refused("line 3"), until=50)
    it.run()
    assert it.lives() == [(STAND_IN, 0.0)]


def test_the_stand_in_makes_room_when_something_has_changed(world):
    it = world(lambda now: Refused("line 3") if now < 10 else Board)
    it.prints = lambda now: "new" if now >= 10 else "old"
    it.run()
    assert it.lives()[1][0] == FIRMWARE and 10 <= it.lives()[1][1] < 13


def test_another_sentence_is_another_stand_in(world):
    it = world(lambda now: Refused("one") if now < 10 else Refused("other"), until=30)
    it.prints = lambda now: str(now >= 10)
    it.run()
    assert it.sentences() == ["one", "other"]


def test_the_same_sentence_is_not_said_anew(world):
    it = world(lambda now: Refused("one"), until=200)
    it.prints = lambda now: str(now // 5)
    it.run()
    assert it.sentences() == ["one"]


def test_without_a_change_it_is_tried_every_minute(world):
    it = world(lambda now: Refused("one") if now < 61 else Board)
    it.run()
    assert it.lives()[1][0] == FIRMWARE and it.lives()[1][1] < 125


def test_a_firmware_that_refuses_says_why(world):
    it = world(well, [(0.5, 2, "/run/board.conf: the disk holds data")], until=100)
    it.run()
    assert [module for module, _ in it.lives()] == [FIRMWARE, STAND_IN, FIRMWARE]
    assert it.sentences() == ["the disk holds data"]
    assert it.lives()[2][1] >= 60


def test_a_refusal_on_a_busy_machine_is_tried_again(world):
    it = world(well, [(0.5, 2, "/dev/sda is in use")] * 3, until=100)
    it.steward._machine.settling = True
    it.run()
    assert [module for module, _ in it.lives()] == [FIRMWARE] * 4


def test_a_firmware_that_dies_comes_back_soon(world):
    it = world(well, [(40, -9, "")])
    it.run()
    assert [module for module, _ in it.lives()] == [FIRMWARE, FIRMWARE]
    assert it.lives()[1][1] - 40 < 2  # a host waits


def test_one_that_dies_again_and_again_is_told(world):
    it = world(well, [(1, -11, "Traceback: oh")] * 5, until=100)
    it.run()
    modules = [module for module, _ in it.lives()]
    assert modules == [FIRMWARE] * 5 + [STAND_IN, FIRMWARE]
    (sentence,) = it.sentences()
    assert "died 5 times" in sentence and "SIGSEGV" in sentence and "Traceback: oh" in sentence


def test_one_that_runs_for_long_in_between_is_not_told(world):
    it = world(well, [(40, 1, "")] * 6, until=290)
    it.run()
    assert it.sentences() == [] and len(it.children) == 7


def test_a_stand_in_that_dies_does_not_keep_us_busy(world):
    it = world(lambda now: Refused("one"), until=100)
    it.stand_in_ends = (0, 1, "a bug")
    it.run()
    assert len(it.children) < 25


def test_the_manager_hears_of_us_while_the_firmware_does_not_run(world):
    it = world(lambda now: Waiting("no disk"), until=200)
    it.run()
    times = [now for now, _ in it.notified]
    assert max(after - before for before, after in zip(times, times[1:])) < 10


def test_a_real_child():
    child = Child("json.tool", "--nonsense")
    while child.ended() is None:
        supervisor._wait(child, 1)
    assert child.wait(1) == 2 and "--nonsense" in child.last_words
    child.close()


def test_a_real_child_that_is_asked_to_end():
    child = Child("http.server", "--bind", "127.0.0.1", "0")
    child.ask_to_end()
    assert child.wait(10) == -15 and cause(-15) == "SIGTERM" and cause(3) == "exit code 3"
    child.close()


def test_a_firmware_that_its_button_stopped_stays_stopped(world):
    it = world(well, [(100.0, 0, "")], until=4000.0)
    it.prints = lambda now: now // 500  # disks come and go
    assert it.run() == 0
    assert [module for module, _ in it.lives()].count(FIRMWARE) == 1
    assert set(it.sentences()) == {"this board was stopped by its button: switch it off and on to start it again"}
    assert len(it.sentences()) == 1  # one stand-in, all the time
