"""The keeper of descriptors, with real processes that are killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from board.keeper import Keeper, _address
from firmware.errors import Refused
from tests.process.boards import wait_until

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20  # longer than a slow machine may hold a test up
SHORT_S = 3  # where a test sees it run out


@pytest.fixture
def key(tmp_path):
    """A key of this test alone; whatever is left of its keeper ends with it."""
    yield str(tmp_path)
    end = time.monotonic() + PATIENCE_S + 30
    while listening(str(tmp_path)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not listening(str(tmp_path)), "the keeper stayed"


def listening(key: str) -> bool:
    """Whether the address of the keeper of `key` is taken."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        try:
            probe.bind(_address(key))
            return False
        except OSError:
            return True


class Firmware:
    """A process that runs `lines` with `key`, `patience_s` and `say()`, and then waits to be killed."""

    def __init__(self, key: str, lines: str, patience_s: float = PATIENCE_S):
        script = "import os, sys, time, signal\nfrom board.keeper import Keeper\n"
        script += "key, patience_s = sys.argv[1], float(sys.argv[2])\n"
        script += "def say(*what): print(*what, flush=True)\n" + lines + "\ntime.sleep(60)\n"
        command = [sys.executable, "-c", script, key, str(patience_s)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)

    def hears(self) -> str:
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


START = "keeper = Keeper.start(key, patience_s)\n"
PUT = START + "r, w = os.pipe()\nos.write(w, b'hello')\nkeeper.put('reader', r)\nkeeper.put('writer', w)\n"
PUT += "keeper.serving()\nsay('ready')"


def keeper_process(key: str) -> int:
    """The pid of the one that holds the listening socket of `key`."""
    inodes = set()
    for line in Path("/proc/net/unix").read_text().splitlines():
        if line.endswith(_address(key).replace("\0", "@")):
            inodes.add("socket:[%s]" % line.split()[6])
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().strip() != "sosie-keeper":
                continue
            if any(os.readlink(link) in inodes for link in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue
    return 0


def gone(pid: int) -> bool:
    try:
        return Path("/proc/%d/stat" % pid).read_text().split(") ")[1][0] == "Z"
    except OSError:
        return True


def test_what_was_put_outlives_its_owner(key):
    first = Firmware(key, PUT)
    assert first.hears() == "ready"
    first.kill()
    keeper = Keeper.reach(key)
    assert sorted(keeper.kept) == ["reader", "writer"]
    assert os.read(keeper.kept["reader"], 9) == b"hello"
    assert not any(os.get_inheritable(descriptor) for descriptor in keeper.kept.values())
    for descriptor in keeper.kept.values():
        os.close(descriptor)
    keeper.let_go()


def test_again_and_again(key):
    first = Firmware(key, PUT)
    assert first.hears() == "ready"
    first.kill()
    for i in range(5):
        lines = "keeper = Keeper.reach(key)\nkeeper.put('extra', keeper.kept['reader'])\n"
        lines += "keeper.serving()\nsay(len(keeper.kept))"
        successor = Firmware(key, lines)
        assert successor.hears() == ("2" if i == 0 else "3")
        successor.kill()
    keeper = Keeper.reach(key)
    assert sorted(keeper.kept) == ["extra", "reader", "writer"]
    keeper.let_go()


def test_killed_right_behind_a_put(key):
    """What was put is there, though the keeper may not have looked yet."""
    lines = START + "keeper.put('reader', os.pipe()[0])\nos.kill(os.getpid(), signal.SIGKILL)"
    process = Firmware(key, lines)
    process.process.wait()
    process.process.stdout.close()
    keeper = Keeper.reach(key)
    assert list(keeper.kept) == ["reader"]
    keeper.let_go()


def test_one_name_one_descriptor(key):
    keeper = Keeper.start(key, PATIENCE_S)
    r, w = os.pipe()
    keeper.put("end", w)
    keeper.put("other", w)
    os.close(w)
    keeper.put("end", r)
    keeper.drop("other")
    keeper.drop("never put")
    os.close(r)
    keeper._lease.close()
    found = Keeper.reach(key)
    assert list(found.kept) == ["end"]
    assert os.read(found.kept["end"], 1) == b"", "the keeper still has the writing end"
    found.let_go()


def test_nobody_there(key):
    assert Keeper.reach(key) is None


def test_one_lease_at_a_time(key):
    keeper = Keeper.start(key, PATIENCE_S)
    with pytest.raises(Refused):
        Keeper.reach(key)
    with pytest.raises(Refused):
        Keeper.start(key, PATIENCE_S)
    keeper.put("still", 0)
    keeper.let_go()


def test_of_two_successors_one_wins(key):
    first = Firmware(key, PUT)
    assert first.hears() == "ready"
    first.kill()
    lines = (
        "from firmware.errors import Refused\n"
        "try:\n    keeper = Keeper.reach(key)\n    say('won', len(keeper.kept))\n"
        "except Refused:\n    say('refused')"
    )
    successors = [Firmware(key, lines) for _ in range(3)]
    assert sorted(each.hears() for each in successors) == ["refused", "refused", "won 2"]
    for each in successors:
        each.kill()
    Keeper.reach(key).let_go()


def test_it_closes_everything_when_nobody_comes(key):
    r, w = os.pipe()
    keeper = Keeper.start(key, SHORT_S)
    keeper.put("writer", w)
    os.close(w)
    pid = keeper_process(key)
    assert pid
    keeper.serving()  # or its patience began with its start
    os.set_blocking(r, False)
    with pytest.raises(BlockingIOError):
        os.read(r, 1)  # it holds the other end
    os.set_blocking(r, True)
    began = time.monotonic()
    keeper._lease.close()
    assert os.read(r, 1) == b""
    assert SHORT_S <= time.monotonic() - began < 30
    os.close(r)
    wait_until("the keeper is gone", lambda: gone(pid))


def test_those_who_never_serve_share_one_patience(key):
    """A board that fails at each start, under a supervisor that starts it again at once."""
    first = Firmware(key, PUT, SHORT_S)
    assert first.hears() == "ready"
    begin = time.monotonic()
    first.kill()
    while listening(key):
        assert time.monotonic() < begin + 30, "the keeper stays for a board that never serves"
        keeper = Keeper.reach(key)
        if keeper is not None:
            keeper._lease.close()
        time.sleep(0.2)
    assert time.monotonic() - begin >= SHORT_S


def test_a_lease_has_no_end_of_its_own(key):
    keeper = Keeper.start(key, SHORT_S)
    time.sleep(SHORT_S + 1)
    r, w = os.pipe()
    keeper.put("writer", w)
    keeper.let_go()
    os.close(r)
    os.close(w)


def test_let_go_ends_it_at_once(key):
    keeper = Keeper.start(key)
    r, w = os.pipe()
    keeper.put("writer", w)
    os.close(w)
    pid = keeper_process(key)
    keeper.let_go()
    assert os.read(r, 1) == b"", "it closed what it held"
    os.close(r)
    wait_until("the keeper is gone", lambda: gone(pid))
    assert Keeper.reach(key) is None


def test_it_holds_nothing_but_what_it_is_given(key):
    r, w = os.pipe()
    os.set_inheritable(w, True)
    keeper = Keeper.start(key, PATIENCE_S)
    os.close(w)
    assert os.read(r, 1) == b""
    os.close(r)
    pid = keeper_process(key)
    assert os.getsid(pid) == pid
    targets = sorted(os.readlink(link).split(":")[0] for link in Path("/proc/%d/fd" % pid).iterdir())
    assert targets == ["/dev/null"] * 3 + ["socket"] * 2
    keeper.let_go()


def test_signals_to_the_firmware_do_not_end_it(key):
    first = Firmware(key, PUT)
    assert first.hears() == "ready"
    pid = keeper_process(key)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        os.kill(pid, number)
    os.killpg(first.process.pid, signal.SIGKILL)
    first.kill()
    keeper = Keeper.reach(key)
    assert len(keeper.kept) == 2
    keeper.let_go()


def test_no_zombies(key):
    keeper = Keeper.start(key, PATIENCE_S)
    pid = keeper_process(key)
    assert Path("/proc/%d/stat" % pid).read_text().split(") ")[1].split()[1] != str(os.getpid())
    keeper.let_go()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_it_sleeps_when_it_waits(key):
    keeper = Keeper.start(key, PATIENCE_S)
    pid = keeper_process(key)

    def ticks():
        return sum(map(int, Path("/proc/%d/stat" % pid).read_text().split(") ")[1].split()[11:13]))

    before = ticks()
    time.sleep(0.5)
    keeper._lease.close()
    time.sleep(0.5)
    assert ticks() - before <= 1
    Keeper.reach(key).let_go()


def test_nonsense_is_not_obeyed(key):
    keeper = Keeper.start(key, PATIENCE_S)
    for packet in (b"put", b"put ", b"drop", b"let", b"let go now", b"\0", b"x" * 300):
        keeper._lease.send(packet)
    r, w = os.pipe()
    socket.send_fds(keeper._lease, [b"hold this"], [w])
    os.close(w)
    assert os.read(r, 1) == b"", "it keeps what nobody asked it to keep"
    os.close(r)
    keeper.put("one", 0)
    keeper._lease.close()
    found = Keeper.reach(key)
    assert list(found.kept) == ["one"]
    found.let_go()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user_gets_nothing(key):
    first = Firmware(key, PUT)
    assert first.hears() == "ready"
    first.kill()
    stranger = Firmware(
        key,
        "import socket\nfrom board.keeper import _address\naddress = _address(key)\nos.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\ns.connect(address)\n"
        "say(*s.recvmsg(256, 64)[:2])",
    )
    assert stranger.hears() == "b'' []"
    stranger.kill()
    keeper = Keeper.reach(key)
    assert len(keeper.kept) == 2
    keeper.let_go()


def test_a_successor_that_dies_at_once(key):
    """Whoever connects and is gone again takes nothing away."""
    first = Firmware(key, PUT)
    assert first.hears() == "ready"
    first.kill()
    for _ in range(20):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hasty:
            hasty.connect(_address(key))
    wait_until("it is reached", lambda: _reaches(key))


def _reaches(key: str) -> bool:
    try:
        keeper = Keeper.reach(key)
    except Refused:
        return False
    assert len(keeper.kept) == 2
    keeper.let_go()
    return True


def test_long_keys_are_told_apart():
    addresses = {_address("/a/" + "x" * 200 + end) for end in ("1", "2")}
    assert len(addresses) == 2
    assert all(len(address.encode()) < 107 for address in addresses)
