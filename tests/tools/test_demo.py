"""The demo's props: screen, cable, files, images, clean-up. The demo itself is run by test_demo_run.py."""

import io
import os
import signal
import socket
import subprocess
import sys

import pytest

from tools.demo import files, image
from tools.demo.copyhost import CopyHost
from tools.demo.relay import Link
from tools.demo.screen import Screen, mib
from tools.demo.workshop import Broken, Workshop, call, free_ports, missing_commands, wait_for


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    made = Workshop()
    yield made
    made.close()


def play(screen):
    screen.say("A demo", "1")
    screen.columns()
    screen.begin("Draining")
    screen.progress("148 MiB, 3 s behind", 0.5)
    screen.end("Drained the backlog", "e2fsck ok")
    screen.begin("Comparing")
    screen.fail("the images differ")


def test_no_terminal_no_control_characters():
    stream = io.StringIO()
    play(Screen(stream, {"TERM": "xterm"}))
    text = stream.getvalue()
    assert not [c for c in text if ord(c) < 32 and c != "\n"]
    assert "Drained the backlog" in text and "Comparing: the images differ" in text
    assert "148 MiB" not in text
    assert max(map(len, text.splitlines())) < 80


def test_terminal_shows_the_bar_and_colours(monkeypatch):
    monkeypatch.setattr("tools.demo.screen.REFRESH_S", 0)
    stream = Terminal()
    play(Screen(stream, {"TERM": "xterm"}))
    text = stream.getvalue()
    assert "█" * 12 + "░" * 12 in text and "\x1b[32m✓" in text
    for drawn in text.replace("\n", "\r").split("\r"):
        assert len(drawn.removeprefix("\x1b[K")) < 80 + len("\x1b[32m\x1b[0m")


@pytest.mark.parametrize("environment, live, colour", [
    ({"TERM": "xterm", "NO_COLOR": "1"}, True, False), ({"TERM": "dumb"}, False, False), ({}, False, False),
])
def test_terminals_that_want_less(environment, live, colour):
    screen = Screen(Terminal(), environment)
    assert (screen.live, screen.colour) == (live, colour)


def test_sizes():
    assert [mib(n) for n in (0, 99 << 16, 148 << 20, 3 << 29)] == ["0.0 MiB", "6.2 MiB", "148 MiB", "1.5 GiB"]


def test_cable_carries_cuts_and_mends(workshop):
    port, target = free_ports(2)
    with socket.create_server(("127.0.0.1", target)) as server:
        link = Link(workshop, port, target)
        near, far = connect(port, server)
        near.sendall(b"x" * 1000000)
        assert len(far.recv(1000000, socket.MSG_WAITALL)) == 1000000
        far.sendall(b"back")
        assert near.recv(4) == b"back"
        link.cut()
        for end in (near, far):
            end.settimeout(5)
            assert ended(end)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        link.mend()
        near, far = connect(port, server)
        far.sendall(b"again")
        assert near.recv(5, socket.MSG_WAITALL) == b"again"


def ended(end) -> bool:
    try:
        return end.recv(1) == b""
    except ConnectionResetError:
        return True


def connect(port, server):
    near = socket.create_connection(("127.0.0.1", port))
    far, _ = server.accept()
    return near, far


def test_cable_ends_with_whoever_holds_it(workshop):
    link = Link(workshop, *free_ports(2))
    link._process.stdin.close()
    assert link._process.wait(60) == 0


def test_workshop_undoes_everything_in_reverse_whatever_fails(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    workshop, done = Workshop(), []
    workshop.on_close(done.append, 1)
    workshop.on_close(lambda: 1 / 0)
    workshop.on_close(done.append, 2)
    sleeper = workshop.process("sh", "-c", "sleep 60 & sleep 60", log="log")
    before = signal.getsignal(signal.SIGINT)
    workshop.close()
    assert done == [2, 1]
    assert sleeper.returncode == -signal.SIGKILL
    assert os.listdir(tmp_path) == []
    assert signal.getsignal(signal.SIGINT) == before


def test_workshop_refuses_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tools.demo.workshop.ROOM_NEEDED", 1 << 60)
    with pytest.raises(Broken, match="free some"):
        Workshop()
    assert os.listdir(tmp_path) == []


def test_waiting_ends():
    with pytest.raises(Broken, match="the cows come home: not after 0.05 s"):
        wait_for("the cows come home", lambda: False, 0.05)


def test_ledger_catches_every_loss(tmp_path):
    found = files.real_files(1 << 20, 50)
    ledger, total = files.put(found, str(tmp_path), lambda fraction: None)
    assert len(ledger) == len(found) and 0 < total <= 1 << 20
    assert files.verify(str(tmp_path), ledger) == len(ledger)
    name = next(name for name in ledger if os.path.getsize(tmp_path / name))
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(Broken, match="another content"):
        files.verify(str(tmp_path), ledger)
    (tmp_path / name).unlink()
    with pytest.raises(Broken, match="cannot be read back"):
        files.verify(str(tmp_path), ledger)


def test_writer_promises_only_what_is_there(tmp_path):
    writer = subprocess.Popen([sys.executable, "-m", "tools.demo.writer", str(tmp_path), str(32 << 20)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with writer:
        told = [writer.stdout.readline() for _ in range(10)]  # who is told to end beforehand writes nothing
        writer.stdin.close()
        lines = [line.split() for line in told + list(writer.stdout)]
        assert writer.wait(60) == 0 and all(lines)
    assert files.verify(str(tmp_path), {name: digest for digest, _, _, name in lines}) == len(lines)


needs_e2fsprogs = pytest.mark.skipif(bool(missing_commands(["mkfs.ext4", "e2fsck", "debugfs"])),
                                     reason="e2fsprogs is not installed")


@pytest.fixture
def ext4(workshop, monkeypatch):
    """An image with one file."""
    monkeypatch.setenv("PATH", os.environ["PATH"] + ":/usr/sbin:/sbin")
    folder, made = workshop.path("folder"), workshop.path("fs.img")
    os.mkdir(folder)
    with open(os.path.join(folder, "file"), "w") as file:
        file.write("content")
    call("mkfs.ext4", "-q", "-F", "-d", folder, made, "16m")
    return made


@needs_e2fsprogs
def test_sound_file_system_is_read_back(workshop, ext4):
    image.check_copy(ext4)
    host = CopyHost(workshop, 1)
    host.ledger = {"file": files.digest(workshop.path("folder", "file"))}
    assert host.read_back(ext4) == 1


@needs_e2fsprogs
def test_damaged_file_system_is_noticed(ext4):
    call("debugfs", "-w", "-R", "freei <12>", ext4)  # the file's inode: in use, and marked free
    call("debugfs", "-w", "-R", "clri <2>", ext4)
    with pytest.raises(Broken, match="file system is damaged"):
        image.check_copy(ext4)


@needs_e2fsprogs
def test_mixture_of_two_moments_is_noticed(workshop, ext4):
    """Half of a later state written over an earlier one: what an unordered mirror leaves behind."""
    later = workshop.path("later.img")
    image.copy_sparse(ext4, later)
    for number in range(20):
        call("debugfs", "-w", "-R", "mkdir d%d" % number, later)
    with open(later, "rb") as new, open(ext4, "r+b") as old:
        for offset in range(0, os.path.getsize(ext4), 8192):
            new.seek(offset)
            old.seek(offset)
            old.write(new.read(4096))
    with pytest.raises(Broken, match="file system is damaged"):
        image.check_copy(ext4)


class Twin:
    """A twin whose group numbers go through a list, one for each time it is asked."""

    def __init__(self, disk, groups):
        self.disk = disk
        self.groups = list(groups)

    def status(self):
        durable, played = self.groups.pop(0)
        return {"group": {"durable": durable, "played": played}}


def test_copy_counts_only_if_the_twin_stood_still(workshop):
    disk = workshop.path("disk")
    with open(disk, "wb") as file:
        file.write(b"x" * 8192)
    twin = Twin(disk, [(5, 3), (5, 5), (6, 6), (6, 6), (6, 6)])
    with image.frozen_copy(workshop, None, twin) as copy:
        assert twin.groups == []
        assert image.compare(disk, copy) == 8192
    assert not os.path.exists(copy)


def test_images_that_differ(workshop):
    for name, content in (("a", b"x" * 4096), ("b", b"x" * 4095 + b"y")):
        with open(workshop.path(name), "wb") as file:
            file.write(content)
    with pytest.raises(Broken, match="images differ"):
        image.compare(workshop.path("a"), workshop.path("b"))
