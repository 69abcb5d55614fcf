"""ep0: events become calls, requests are answered or stalled, and nothing that a bus does upsets it."""

import os
import random
from errno import EAGAIN, EBADFD, EIDRM, EINTR, EINVAL, EL2HLT, ENODEV, ENOMEM, ESHUTDOWN, ESRCH

import pytest

from board.usb import control, descriptors
from board.usb.control import BIND, DISABLE, ENABLE, RESUME, SETUP, SUSPEND, UNBIND, Answers, Control
from firmware.errors import Refused
from tests.board.ep0 import DESCRIPTOR, FakeEp0

STALL = FakeEp0.STALL
MAX_LUN = (0xA1, 0xFE, 0, 0, 1)
RESET = (0x21, 0xFF, 0, 0, 0)
STATUS = b'{"name": "left"}'


class Bus:
    """A Control on a fake ep0, and what it called."""

    def __init__(self):
        self.ep0 = FakeEp0()
        self.ep0.state = "active"
        self.calls = []
        self.status = STATUS
        self.control = Control(DESCRIPTOR, lambda: self.status, max_lun=1, files=self.ep0)
        self.control.on_enable = lambda: self.calls.append("enable")
        self.control.on_disable = lambda: self.calls.append("disable")
        self.control.on_reset = lambda: self.calls.append(("reset", list(self.ep0.answers)))

    def tell(self, *kinds):
        for kind in kinds:
            self.ep0.add(kind)
        self.control.readable()
        return self.calls

    def ask(self, *setup):
        self.ep0.add(SETUP, setup)
        self.control.readable()
        assert len(self.ep0.answers) == 1
        return self.ep0.answers.pop()


@pytest.fixture
def bus():
    return Bus()


def test_the_function_is_opened_and_described():
    ep0 = FakeEp0()
    assert control.open_function("/run/x", ep0) == DESCRIPTOR
    ((path, flags),) = ep0.opened
    assert path == "/run/x/ep0" and flags & os.O_NONBLOCK and flags & os.O_RDWR and flags & os.O_CLOEXEC
    assert ep0.written == [descriptors.descriptors(), descriptors.strings()] and ep0.closed == []


@pytest.mark.parametrize("state", ["descriptors", "strings"])
def test_a_kernel_that_does_not_take_them(state):
    ep0 = FakeEp0()
    ep0.fail_write[state] = EINVAL
    with pytest.raises(Refused, match="does not take the descriptors"):
        control.open_function("/run/x", ep0)
    assert ep0.closed == [DESCRIPTOR]


def test_no_ep0():
    ep0 = FakeEp0()
    ep0.state = "absent"
    with pytest.raises(Refused, match="cannot open ep0"):
        control.open_function("/run/x", ep0)


# Events


def test_a_host_comes_and_goes(bus):
    assert bus.tell(BIND) == []
    assert bus.tell(ENABLE) == ["enable"] and bus.control.enabled
    assert bus.tell(DISABLE) == ["enable", "disable"] and not bus.control.enabled
    assert bus.tell(UNBIND) == ["enable", "disable"]


def test_a_bus_reset_is_a_second_enable(bus):
    assert bus.tell(ENABLE) + bus.tell(ENABLE) == ["enable"] * 4  # the same list twice
    assert bus.calls == ["enable", "enable"]


def test_unbind_or_bind_without_disable_says_that_the_host_is_gone(bus):
    bus.tell(ENABLE)
    assert bus.tell(UNBIND) == ["enable", "disable"]
    bus.tell(ENABLE)
    assert bus.tell(BIND)[2:] == ["enable", "disable"]


def test_several_events_in_one_read(bus):
    assert bus.tell(DISABLE, SUSPEND, ENABLE, RESUME) == ["enable"]


def test_more_events_than_one_read_takes(bus):
    assert bus.tell(ENABLE, DISABLE, ENABLE, DISABLE, ENABLE) == ["enable", "disable"] * 2
    bus.control.readable()
    assert bus.calls[4:] == ["enable"]


def test_suspended(bus):
    bus.tell(ENABLE, SUSPEND)
    assert bus.control.suspended and bus.control.enabled
    bus.tell(RESUME)
    assert not bus.control.suspended
    bus.tell(SUSPEND, ENABLE)
    assert not bus.control.suspended


@pytest.mark.parametrize("number", [EAGAIN, EINTR])
def test_no_event_after_all(bus, number):
    bus.ep0.fail.append(number)
    assert bus.tell(ENABLE) == []
    bus.control.readable()
    assert bus.calls == ["enable"]


@pytest.mark.parametrize("number", [EIDRM, ESRCH, EL2HLT])
def test_the_end_of_an_old_request_hides_no_event(bus, number):
    """Nobody would tell of the event a second time when it came while an answer was under way."""
    bus.ep0.fail.append(number)
    assert bus.tell(ENABLE) == ["enable"]


@pytest.mark.parametrize("number", [ESHUTDOWN, ENODEV, EBADFD])
def test_off_the_bus(bus, number):
    bus.tell(ENABLE)
    bus.ep0.fail += [number, number]
    bus.control.readable()
    bus.control.readable()
    assert bus.calls == ["enable", "disable"]


def test_an_error_that_nobody_knows_is_not_hidden(bus):
    bus.ep0.fail.append(ENOMEM)
    with pytest.raises(OSError):
        bus.control.readable()


def test_records():
    event = bytes(8) + bytes([ENABLE]) + b"\xff\xff\xff"
    assert control.events(b"") == []
    for length in range(12):
        assert control.events(event[:length]) == []
        assert control.events(event + event[:length]) == [(ENABLE, None)]
    setup = bytes.fromhex("a1 fe 34 12 01 00 00 10") + bytes([SETUP, 0, 0, 0])
    assert control.events(memoryview(setup + event)) == [(SETUP, (0xA1, 0xFE, 0x1234, 1, 0x1000)), (ENABLE, None)]


def test_event_types_of_newer_kernels_are_passed_over(bus):
    assert bus.tell(7, 99, 255, ENABLE) == ["enable"]


# Requests


def test_get_max_lun(bus):
    assert bus.ask(*MAX_LUN) == b"\x01"
    bus.control.max_lun = 0
    assert bus.ask(*MAX_LUN) == b"\x00"


def test_bulk_only_reset_is_acknowledged_when_it_is_done(bus):
    assert bus.ask(*RESET) == b""
    assert bus.calls == [("reset", [])]


def test_the_status(bus):
    assert bus.ask(0xC1, 0x53, 0, 1, 4096) == STATUS
    assert bus.ask(0xC1, 0x53, 0, 1, len(STATUS)) == STATUS
    assert bus.ask(0xC1, 0x53, 0, 1, 5) == STATUS[:5]
    assert bus.ask(0xC1, 0x53, 0, 1, 65535) == STATUS


def test_a_status_that_cannot_be_made_is_stalled(bus):
    bus.status = b""
    assert bus.ask(0xC1, 0x53, 0, 1, 4096) == STALL
    bus.status = STATUS
    assert bus.ask(0xC1, 0x53, 0, 1, 4096) == STATUS


@pytest.mark.parametrize(
    "setup",
    [
        (0xA1, 0xFE, 1, 0, 1),  # wValue
        (0xA1, 0xFE, 0, 1, 1),  # the other interface
        (0xA1, 0xFE, 0, 0, 0),  # wLength
        (0xA1, 0xFE, 0, 0, 2),
        (0x21, 0xFE, 0, 0, 1),  # direction
        (0x21, 0xFE, 0, 0, 0),
        (0xA1, 0xFF, 0, 0, 0),
        (0x21, 0xFF, 0, 1, 0),
        (0x21, 0xFF, 1, 0, 0),
        (0x21, 0xFF, 0, 0, 31),
        (0x21, 0x00, 0, 0, 31),  # accept device specific command: another transport
        (0xC1, 0x53, 0, 0, 64),  # the disk's interface
        (0xC1, 0x53, 1, 1, 64),
        (0xC1, 0x53, 0, 1, 0),
        (0xC1, 0x54, 0, 1, 64),
        (0x41, 0x53, 0, 1, 64),
        (0xC0, 0x53, 0, 1, 64),  # the device, not an interface
        (0x81, 0x06, 0x2200, 1, 64),  # GET DESCRIPTOR of an interface
        (0x01, 0x0B, 0, 0, 0),
        (0xFF, 0xFF, 0xFFFF, 0xFFFF, 0xFFFF),
        (0, 0, 0, 0, 0),
    ],
)
def test_stalled(bus, setup):
    assert bus.ask(*setup) == STALL
    assert bus.calls == []
    assert bus.ask(*MAX_LUN) == b"\x01"


class SlowLane:
    """Jobs wait until the test lets them run: so does an answer that the host does not fetch."""

    def __init__(self, worker):
        self.worker = worker
        self.jobs = []

    def submit(self, done, op, *args):
        self.jobs.append((done, op, args))

    def run(self):
        done, op, args = self.jobs.pop(0)
        for _ in getattr(self.worker, op)(*args):
            pass
        done(None, None)


@pytest.fixture
def slow(bus):
    bus.lane = bus.control._lane = SlowLane(Answers(DESCRIPTOR, bus.ep0))
    return bus


@pytest.mark.parametrize(("setup", "answer"), [(MAX_LUN, b"\x01"), (RESET, b""), ((0xC1, 0x53, 0, 1, 99), STATUS)])
def test_an_answer_insists_when_somebody_is_inside_of_ep0(slow, setup, answer):
    slow.ep0.add(SETUP, setup)
    slow.control.readable()
    slow.ep0.fail += [EAGAIN] * 3
    slow.lane.run()
    assert slow.ep0.answers == [answer]


@pytest.mark.parametrize(("setup", "answer"), [(MAX_LUN, b"\x01"), (RESET, b""), ((0xC1, 0x53, 0, 1, 99), STATUS)])
def test_nothing_is_read_while_an_answer_waits(slow, setup, answer):
    """A read of ep0 would stall the request, or acknowledge it."""
    slow.tell(ENABLE)
    slow.ep0.add(SETUP, setup)
    for _ in range(3):
        slow.control.readable()
    assert slow.ep0.answers == [] and len(slow.lane.jobs) == 1
    slow.lane.run()
    assert slow.ep0.answers == [answer]


def test_what_came_meanwhile_is_taken_when_the_answer_ended(slow):
    slow.tell(ENABLE)
    slow.ep0.add(SETUP, MAX_LUN)
    slow.control.readable()
    slow.ep0.add(DISABLE)
    slow.control.readable()
    assert slow.calls == ["enable"]
    slow.lane.run()  # finds it cancelled, as the next look does not
    assert slow.calls == ["enable", "disable"] and slow.ep0.answers == []


def test_a_request_behind_one_that_the_host_gave_up(slow):
    slow.ep0.add(SETUP, MAX_LUN)
    slow.control.readable()
    slow.ep0.add(SETUP, (0xC1, 0x53, 0, 1, 4))
    slow.lane.run()
    assert slow.ep0.answers == []
    slow.lane.run()
    assert slow.ep0.answers == [STATUS[:4]] and slow.lane.jobs == []


def test_the_reset_is_done_before_it_is_acknowledged(slow):
    slow.ep0.add(SETUP, RESET)
    slow.control.readable()
    assert slow.calls == [("reset", [])] and slow.ep0.answers == []
    slow.lane.run()
    assert slow.ep0.answers == [b""]


def test_a_stall_needs_no_lane(slow):
    assert slow.ask(0x80, 6, 0, 0, 8) == STALL and slow.lane.jobs == []


def test_a_mistake_of_ours_does_not_vanish_in_the_lane(slow):
    slow.ep0.add(SETUP, MAX_LUN)
    slow.control.readable()
    with pytest.raises(ZeroDivisionError):
        slow.lane.jobs[0][0](None, ZeroDivisionError())


def test_a_request_taken_back_before_the_answer(bus):
    """An event between the read of a SETUP and its answer cancels it; what comes next is dealt with as ever."""
    for setup in (MAX_LUN, RESET, (0xC1, 0x53, 0, 1, 64), (0x80, 6, 0, 0, 8)):
        bus.ep0.add(SETUP, setup)
        for name in ("read", "write"):
            setattr(bus.ep0, name, _cancelling(bus.ep0, name))
        bus.control.readable()
        del bus.ep0.read, bus.ep0.write
        assert bus.ep0.answers == []
        bus.control.readable()
        assert bus.ask(*MAX_LUN) == b"\x01"
    assert bus.calls.count("enable") == 4


def _cancelling(ep0, name):
    operation = getattr(ep0, name)

    def cancelled(*arguments):
        if isinstance(ep0.setup, tuple):
            ep0.add(ENABLE)
        return operation(*arguments)

    return cancelled


@pytest.mark.parametrize("number", [EINTR, EIDRM, ESRCH, ESHUTDOWN, ENODEV, EINVAL])
def test_an_answer_that_does_not_get_through(bus, number):
    for setup in (MAX_LUN, RESET, (0x80, 6, 0, 0, 8)):
        bus.ep0.add(SETUP, setup)
        kind, fields = control.events(bus.ep0.read(DESCRIPTOR, 12))[0]
        bus.ep0.fail.append(number)
        bus.control._take(kind, fields)
        assert not bus.ep0.fail
        bus.ep0.setup = None


def test_a_setup_that_stayed_pending_does_not_become_an_event(bus):
    """Its answer failed; the next read is its data stage, not events."""
    bus.ep0.setup = RESET
    assert bus.tell(ENABLE) == ["enable"]
    bus.ep0.setup = MAX_LUN
    assert bus.tell(DISABLE) == ["enable", "disable"]


def test_whatever_comes(bus):
    dice = random.Random(1)
    for _ in range(20000):
        if dice.random() < 0.5:
            setup = dice.choice([MAX_LUN, RESET, (0xC1, 0x53, 0, 1, 9), [dice.randrange(256)] * 2 + [0, 0, 0]])
            bus.ep0.add(SETUP, setup, dice.randbytes(3))
        else:
            bus.ep0.add(dice.choice([BIND, UNBIND, ENABLE, DISABLE, SUSPEND, RESUME, dice.randrange(7, 256)]))
        if dice.random() < 0.2:
            bus.ep0.fail.append(dice.choice([EAGAIN, EINTR, EIDRM, ESRCH, EL2HLT, ESHUTDOWN]))
        if dice.random() < 0.7:
            bus.control.readable()
    assert {"enable", "disable"} < {call if isinstance(call, str) else call[0] for call in bus.calls}
    sides = [call for call in bus.calls if call == "disable" or call == "enable"]
    assert not any(one == other == "disable" for one, other in zip(sides, sides[1:]))


def test_closing(bus):
    bus.control.close()
    assert bus.ep0.closed == [DESCRIPTOR]
