"""Nothing is left behind: no process, no file, whatever ends the run. And what is missing is said in one line."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tools.bench import cli, peers, proc, workspace
from tools.bench.workspace import Workspace

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WITH_CHILD = ["sh", "-c", "sleep 300 & echo $!; wait"]


def first_line(process):
    return int(process.stdout.readline())


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_leaving_ends_processes_and_what_they_started(tmp_path):
    with Workspace(str(tmp_path)) as place:
        process = place.spawn("parent", WITH_CHILD, stdout=subprocess.PIPE)
        child = first_line(process)
        assert proc.alive(process.pid) and proc.alive(child)
        assert child in proc.family(process.pid)
        process.stdout.close()
    assert not proc.alive(process.pid)
    assert wait_until(lambda: not proc.alive(child))
    assert os.listdir(tmp_path) == []


def test_one_that_does_not_listen_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(workspace, "END_TIMEOUT_S", 0.2)
    with Workspace(str(tmp_path)) as place:
        deaf = place.spawn("deaf", ["sh", "-c", "trap '' TERM; echo 1; while :; do sleep 1; done"],
                           stdout=subprocess.PIPE)
        first_line(deaf)
        deaf.stdout.close()
    assert deaf.returncode == -signal.SIGKILL


def test_an_error_cleans_up_as_well(tmp_path):
    with pytest.raises(KeyboardInterrupt), Workspace(str(tmp_path)) as place:
        process = place.spawn("sleeper", ["sleep", "300"])
        place.image("disk", 1 << 20)
        raise KeyboardInterrupt
    assert not proc.alive(process.pid)
    assert os.listdir(tmp_path) == []


SCRIPT = """
import signal, sys
from tools.bench import cli
def measure_all(arguments, plan, clock, place):
    process = place.spawn("sleeper", ["sleep", "300"])
    print(process.pid, flush=True)
    signal.pause()
cli.measure_all = measure_all
sys.exit(cli.main(["--dir", sys.argv[1]]))
"""


@pytest.mark.parametrize("sign, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_the_command(tmp_path, sign, status):
    with subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as command:
        sleeper = first_line(command)
        assert proc.alive(sleeper)
        command.send_signal(sign)
        assert command.wait(20) == status
    assert not proc.alive(sleeper)
    assert os.listdir(tmp_path) == []


def test_even_sigkill_leaves_no_process(tmp_path):
    with subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as command:
        sleeper = first_line(command)
        command.kill()
    assert wait_until(lambda: not proc.alive(sleeper))


def test_missing_programs_are_one_line_each(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    assert [kind.missing() for kind in peers.PEERS] == [
        "nbdkit file: left out, nbdkit is missing (apt install nbdkit)",
        "qemu-nbd: left out, qemu-nbd is missing (apt install qemu-utils)",
        "QEMU mirror: left out, qemu-storage-daemon is missing (apt install qemu-system-common)",
    ]


def test_with_nothing_there_the_report_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "/nonexistent")
    out = tmp_path / "bench"
    assert cli.main(["--quick", "--dir", str(tmp_path), "--only", "nbdkit,qemu-nbd", "--out", str(out)]) == 0
    text = (tmp_path / "bench.md").read_text()
    assert "- nbdkit file: left out" in text and "fio is missing (apt install fio)" in text and "##" not in text
    assert sorted(os.listdir(tmp_path)) == ["bench.json", "bench.md"]


def test_a_folder_that_is_too_small_is_refused_before_anything_is_written(tmp_path, monkeypatch, capsys):
    plan = cli.Plan(cli.parser().parse_args([]))
    monkeypatch.setattr(cli.shutil, "disk_usage", lambda _: Usage())
    with pytest.raises(cli.BenchError) as refusal:
        cli.check_space(str(tmp_path), plan, list(peers.PEERS))
    assert "1 MiB free, this needs 4096 MiB" in str(refusal.value)


class Usage:
    free = 1 << 20


def test_no_such_folder(capsys):
    assert cli.main(["--dir", "/nonexistent"]) == 2
    assert "There is no folder /nonexistent" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--rounds", "0"], ["--rows", "w5k"], ["--only", "drbd"], ["--seconds", "-1"]])
def test_absurd_options_are_refused(words, capsys):
    with pytest.raises(SystemExit) as refusal:
        cli.main(words)
    assert refusal.value.code == 2


def test_the_default_folder_is_no_memory():
    assert workspace.file_system("/proc") == "proc"
    assert workspace.file_system("/dev/shm") == "tmpfs"
    assert workspace.file_system(workspace.disk_folder()) not in ("tmpfs", "ramfs")


def test_processor_time_and_memory_of_a_family():
    assert proc.cpu_seconds({os.getpid()}) > 0
    pss, rss = proc.memory_bytes({os.getpid()})
    assert 0 < pss <= rss
    assert proc.memory_bytes({1 << 30}) == (0, 0)
