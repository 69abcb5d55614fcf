"""The bench itself: what goes in and comes out, and how it ends."""

import hashlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.vm.bench import settings, streams
from tests.vm.errors import Refused

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.timeout(1500)
RUN = [str(ROOT / "tests/vm/run"), "tests/vm/trial.sh"]


def start(*arguments, **variables):
    """The environment is ours without what would change the bench."""
    own = {name: value for name, value in os.environ.items() if name != "OUT" and not name.startswith("VM_")}
    return subprocess.Popen(
        [*RUN, *arguments], env=own | variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process):
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def machines(folder):
    """Command lines of the living QEMUs that use the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes()
        except OSError:
            continue
        if line.startswith(b"qemu-system") and str(folder).encode() in line:
            found.append(line)
    return found


def test_a_script_ends(tmp_path):
    code, out, err = finish(start("ends", "two words", OUT=str(tmp_path)))
    assert code == 7, err
    lines = out.splitlines()
    assert lines[:2] == ["in /checkout as root with two words on Linux", "stdin is closed"]
    count = "".join("%d\n" % number for number in range(1, 200001))
    assert lines[2].split()[0] == hashlib.sha256(count.encode()).hexdigest()
    assert out.count("\n") == 200000 + 4 and count in out
    assert "usage: python3 -m firmware" in lines[-1]
    assert err.startswith("to stderr\n") and err.count("is a mountpoint") == 4
    assert (tmp_path / "file").read_text() == "kept\n"
    assert (ROOT / "README.md").read_text() != "changed\n"


def test_a_panic_is_told_and_what_was_flushed_is_kept(tmp_path):
    disks = {"VM_DISKS": "1G", "VM_DISK_DIR": str(tmp_path / "disks")}
    code, out, err = finish(start("panics", OUT=str(tmp_path), **disks))
    assert code == 125 and "sysrq triggered crash" in err and "the guest died" in err
    assert (tmp_path / "file").read_text() == "kept\n"
    assert finish(start("reads", **disks))[:2] == (0, "kept on the disk\n")


def test_the_time_limit():
    began = time.monotonic()
    code, out, err = finish(start("hangs", VM_LIMIT_S="8"))
    assert code == 124 and "longer than VM_LIMIT_S=8 s" in err
    assert time.monotonic() - began < 150


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ended_from_outside_it_leaves_no_machine(tmp_path, number):
    process = start("hangs", OUT=str(tmp_path), TMPDIR=str(tmp_path))
    deadline = time.monotonic() + 180
    while not machines(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert machines(tmp_path)
    process.send_signal(number)
    code, _, _ = finish(process)
    assert code == (128 + number if number == signal.SIGTERM else -number)
    deadline = time.monotonic() + 60
    while machines(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not machines(tmp_path)
    assert number == signal.SIGKILL or not list(tmp_path.glob("vm-*"))


def test_two_machines_on_a_line():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    first = start("answers", VM_NET="listen:%d" % port, VM_ADDRESS="10.0.0.1/24")
    second = start("asks", VM_NET="connect:%d" % port, VM_ADDRESS="10.0.0.2/24")
    assert finish(second)[:2] == (0, "hello\n")
    assert finish(first)[0] == 0


def test_a_stream_ends_at_its_mark_however_it_is_cut(capfd):
    whole = b"a\0b" * 3 + b"\0mark 12\n"
    for size in range(1, len(whole) + 1):
        stream = streams.Stream(b"\0mark ", 1)
        for cut in range(0, len(whole), size):
            os.write(stream.port, whole[cut : cut + size])
            alive = stream.pump()
        assert stream.code == 12 and not alive
        os.close(stream.port)
        os.close(stream.source)
        assert capfd.readouterr().out == "a\0b" * 3


def test_a_stream_without_its_mark_gives_all_that_came(capfd):
    stream = streams.Stream(b"\0mark ", 1)
    os.write(stream.port, b"text\0ma")
    stream.close_port()
    assert stream.pump() and not stream.pump()
    os.close(stream.source)
    assert stream.code is None and capfd.readouterr().out == "text\0ma"


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"VM_SUITE": "sid"}, "choose one of: bookworm, trixie"),
        ({"VM_MEMORY": "lots"}, "VM_MEMORY=2G"),
        ({"VM_DISKS": "1G big"}, "VM_DISKS=big"),
        ({"VM_NET": "listen"}, "listen:7000"),
        ({"VM_ADDRESS": "10.0.0.1/24"}, "needs VM_NET"),
        ({"VM_HOSTFWD": "tcp::1-:1", "VM_NET": "listen:7000"}, "needs VM_NET=user"),
    ],
)
def test_a_mistake_is_one_sentence(variables, says):
    with pytest.raises(Refused) as raised:
        settings.Settings(variables)
    assert says in str(raised.value)
