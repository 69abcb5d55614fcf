"""`sosie usb` with boards of cardboard: what it prints, refuses, gives back and exits with."""

import errno
import io
import json
import signal
import sys

import pytest
import usb.core

from tests.tools.test_cli import status
from tests.usb import fake_computer
from tests.usb.appliance import Appliance, MemoryVolume
from tests.usb.fake_computer import SERIAL, Device, Files
from tests.usb.test_tester import medium
from tools import cli
from tools.usb import boards, command, libusb_wire, selftest
from tools.usb.machine import Machine


@pytest.fixture
def files(tmp_path, monkeypatch):
    made = Files(tmp_path)
    made.board()
    for module in (command, selftest):
        monkeypatch.setattr(module, "Machine", lambda: Machine(str(tmp_path)))
    return made


@pytest.fixture
def on_bus(monkeypatch):
    def plug(*devices):
        monkeypatch.setattr(boards, "_devices", lambda: list(devices))
        return devices

    return plug


def sosie(capsys, *arguments):
    code = cli.main(["usb", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_list(files, on_bus, capsys):
    on_bus(Device())
    for words in ((), ("list",)):
        code, out, err = sosie(capsys, *words)
        assert (code, err) == (0, "")
        head, row = out.splitlines()
        assert head.split() == ["BOARD", "SERIAL", "PLACE", "SPEED", "DISK"]
        assert row.split("  ") == ["left", " " + SERIAL, "bus 1, device 4, port 1-2", "high, 480 Mbit/s",
                                   "/dev/sda, /dev/sdb (no medium)"]  # fmt: skip


def test_list_says_what_is_missing(files, on_bus, capsys):
    on_bus(Device())
    (files.root / "dev/bus/usb/001/004").unlink()
    code, out, err = sosie(capsys)
    assert code == 0 and SERIAL in out and "board/usb/70-sosie.rules" in err and len(err.splitlines()) == 1


def test_other_gadgets_with_these_numbers_are_no_boards(files, on_bus, capsys):
    stranger = Device(7, [fake_computer.DISK])
    imposter = Device(8)
    files.board("1-3", 8)
    files.write("sys/bus/usb/devices/1-3/manufacturer", "Somebody\n")
    on_bus(stranger, imposter)
    assert sosie(capsys) == (3, "", boards.NO_BOARD + "\n")


def test_without_sysfs_the_board_is_asked_for_its_strings(tmp_path, on_bus, monkeypatch, capsys):
    monkeypatch.setattr(command, "Machine", lambda: Machine(str(tmp_path)))
    on_bus(Device())
    code, out, err = sosie(capsys)
    assert code == 0 and "left   %s  bus 1, device 4, port 1-2" % SERIAL in out and not err


@pytest.mark.parametrize("missing, says", [("usb", boards.NO_PYUSB), ("libusb", boards.NO_LIBUSB)])
def test_what_is_not_installed(files, monkeypatch, capsys, missing, says):
    if missing == "usb":
        monkeypatch.setattr(boards, "usb", None)
    else:
        monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda: None)
    for words in ((), ("status",), ("selftest", "--yes")):
        assert sosie(capsys, *words) == (3, "", says + "\n")


@pytest.mark.parametrize("changes, code", [({}, 0), ({"state": "no link"}, 1), ({"alarms": ["fire"]}, 1)])
def test_status_is_that_of_sosie_status(files, on_bus, capsys, changes, code):
    answer = json.dumps(status(**changes)).encode()
    device, = on_bus(Device(answer=answer))
    got, out, err = sosie(capsys, "status")
    assert (got, err) == (code, "") and out == cli.status.describe(json.loads(answer)) + "\n"
    assert device.requests == [(0xC1, 0x53, 0, 1, 4096, boards.STATUS_MS)]
    assert sosie(capsys, "status", "--json", "--serial", SERIAL) == (code, json.dumps(json.loads(answer)) + "\n", "")


def test_status_asks_the_interface_that_the_kernel_numbered(files, on_bus, capsys):
    device, = on_bus(Device(triples=[(2, 2, 1), (10, 0, 0), fake_computer.DISK, fake_computer.STATUS],
                            answer=json.dumps(status()).encode()))  # fmt: skip
    assert sosie(capsys, "status")[0] == 0 and device.requests[0][3] == 3


@pytest.mark.parametrize("answer, says", [
    (b"{}", "no status"), (b'{"state', "no status"), (b"", "no status"), (errno.EPIPE, "another version"),
    (errno.EACCES, "70-sosie.rules"), (errno.ENODEV, "left the bus"), (errno.ETIMEDOUT, "does not answer"),
    (errno.EIO, "cannot be reached"),
])  # fmt: skip
def test_status_that_does_not_come(files, on_bus, capsys, answer, says):
    on_bus(Device(answer=answer))
    code, out, err = sosie(capsys, "status")
    assert (code, out) == (3, "") and says in err and len(err.splitlines()) == 1


def test_status_waits_for_another_program(files, on_bus, capsys, monkeypatch):
    monkeypatch.setattr(boards, "BUSY_PAUSE_S", 0)
    on_bus(Device(answer=[errno.EBUSY, errno.EBUSY, json.dumps(status()).encode()]))
    assert sosie(capsys, "status")[0] == 0
    on_bus(Device(answer=errno.EBUSY))
    assert "Another program" in sosie(capsys, "status")[2]


def test_several_boards(files, on_bus, capsys):
    files.board("1-3", 5, disks=("sdc",), serial="FFEEDDCCBBAA99887766")
    link_down = Device(4, answer=json.dumps(status(state="no link")).encode())
    fine = Device(5, answer=json.dumps(status()).encode())
    on_bus(fine, link_down)
    assert len(sosie(capsys)[1].splitlines()) == 3
    code, out, _ = sosie(capsys, "status")
    assert code == 1 and out.count("left: SAFE") == 2
    assert sosie(capsys, "status", "--serial", SERIAL)[0] == 1
    assert sosie(capsys, "status", "--serial", "FFEEDDCCBBAA99887766")[0] == 0
    code, _, err = sosie(capsys, "selftest", "--yes")
    assert code == 3 and "--serial" in err and SERIAL in err
    code, _, err = sosie(capsys, "status", "--serial", "00")
    assert code == 3 and SERIAL in err


class CardboardWire:
    """The wire of a whole board in this process. `taken` counts; `trouble` is raised after so many transfers."""

    made = []

    def __init__(self, board):
        self.made.append(self)
        self.bus = Appliance(512, MemoryVolume(medium())).bus
        self.max_packet, self.taken = 512, 0

    def take(self):
        if self.refusal:
            raise usb.core.USBError("no", -3, self.refusal)
        self.taken += 1

    def give_back(self):
        self.taken -= 1

    def bulk_in(self, length, timeout_ms):
        if self.trouble and self.bus.calls > 500:
            raise self.trouble
        return self.bus.bulk_in(length, timeout_ms)

    def __getattr__(self, name):
        return getattr(self.bus, name)


@pytest.fixture
def wire(files, on_bus, monkeypatch):
    CardboardWire.made.clear()
    CardboardWire.trouble = CardboardWire.refusal = None
    on_bus(Device())
    monkeypatch.setattr(libusb_wire, "LibusbWire", CardboardWire)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield CardboardWire
    for number, handler in before.items():
        signal.signal(number, handler)


def test_selftest_reports_and_gives_the_disk_back(wire, capsys):
    code, out, err = sosie(capsys, "selftest", "--yes")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("ok       case 1 ") and lines[-1] == "%d checks: %d ok, 0 skipped, 0 failed." % (
        len(lines) - 1, len(lines) - 1)
    assert [each.taken for each in wire.made] == [0]


def test_selftest_of_a_drive_without_a_medium(wire, capsys):
    code, out, _ = sosie(capsys, "selftest", "--yes", "--lun", "1")
    assert code == 0 and "skipped  case 6" in out and "ok       case 4" in out
    code, _, err = sosie(capsys, "selftest", "--yes", "--lun", "2")
    assert code == 3 and "0 to 1" in err and [each.taken for each in wire.made] == [0, 0]


def test_selftest_of_a_range_that_is_not_there(wire, capsys):
    code, out, err = sosie(capsys, "selftest", "--yes", "--scratch", "5990:100")
    assert code == 1 and "6000 blocks" in err and wire.made[0].taken == 0


@pytest.mark.parametrize("trouble, expected", [(KeyboardInterrupt(), 130), (OSError("bug"), None)])
def test_selftest_gives_the_disk_back_whatever_happens(wire, capsys, trouble, expected):
    wire.trouble = trouble
    if expected is None:
        with pytest.raises(OSError):
            sosie(capsys, "selftest", "--yes")
    else:
        assert sosie(capsys, "selftest", "--yes")[0] == expected
    assert wire.made[0].taken == 0


def test_selftest_of_a_board_that_leaves(wire, capsys):
    from tools.usb.wire import Gone

    wire.trouble = Gone("the device left the bus")
    code, out, _ = sosie(capsys, "selftest", "--yes")
    assert code == 1 and "left the bus" in out and "skipped" in out and out.count("FAILED") == 1


@pytest.mark.parametrize("use", ("mounted", "held", "not allowed"))
def test_selftest_refuses(wire, files, capsys, monkeypatch, use):
    if use == "mounted":
        files.add("proc/self/mountinfo", "30 21 8:0 / /mnt rw - ext4 /dev/sda rw\n")
    elif use == "held":
        monkeypatch.setattr(Machine, "hold", _refuse)
    else:
        (files.root / "dev/bus/usb/001/004").unlink()
    code, out, err = sosie(capsys, "selftest", "--yes")
    assert (code, out) == (3, "") and len(err.splitlines()) == 1
    assert {"mounted": "is mounted at /mnt", "held": "is held", "not allowed": "70-sosie.rules"}[use] in err
    assert wire.made == []


def _refuse(self, disk):
    raise boards.BoardError("/dev/%s is held" % disk)


def test_selftest_that_may_not_have_the_disk(wire, capsys):
    wire.refusal = errno.EBUSY
    code, _, err = sosie(capsys, "selftest", "--yes")
    assert code == 3 and "Another program" in err


def test_selftest_asks(wire, capsys, monkeypatch):
    code, out, err = sosie(capsys, "selftest")
    assert code == 1 and "/dev/sda" in out and "--yes" in err and wire.made == []

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for typed, expected in (("no\n", 1), ("", 1), ("yes\n", 0)):
        monkeypatch.setattr(sys, "stdin", Terminal(typed))
        code, out, _ = sosie(capsys, "selftest", "--scratch", "0:16")
        assert code == expected and "OVERWRITES 16 blocks" in out
    assert len(wire.made) == 1


WRONG_USAGE = [("what",), ("selftest", "--lun", "16"), ("selftest", "--scratch", "5"),
               ("selftest", "--scratch", "0:15"), ("selftest", "--scratch", "4294967295:16")]  # fmt: skip


@pytest.mark.parametrize("words", WRONG_USAGE)
def test_wrong_usage(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["usb", *words])
    assert stopped.value.code == 2
