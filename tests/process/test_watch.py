"""`sosie status --watch` of a live pair, over TLS and with the password of its pairing file."""

import signal
import subprocess
import sys

import pytest

from tests.process.boards import ROOT, wait_until
from tests.process.keyed import KeyedPair
from tools import pairfile

SOSIE = str(ROOT / "tools/sosie")


@pytest.fixture
def pair(tmp_path):
    file = pairfile.make(str(tmp_path / "left-right.pair"), "left", "right")
    made = KeyedPair(tmp_path, file).start()
    made.file = file.path
    yield made
    made.end()


@pytest.fixture
def watch():
    made = []

    def start(*words):
        made.append(subprocess.Popen([sys.executable, SOSIE, "status", "--watch", *words], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))  # fmt: skip
        return made[-1]

    yield start
    for each in made:
        if each.poll() is None:
            each.kill()
        each.communicate()


def until(process, *wanted: str) -> None:
    """Reads lines until all of these words were in one of them, in whatever order."""
    missing, lines = set(wanted), []
    while missing:
        lines.append(process.stdout.readline())
        assert lines[-1], "it ended without %s: %s" % (missing, "".join(lines) + process.stderr.read())
        missing = {words for words in missing if words not in lines[-1]}


@pytest.mark.timeout(200)
def test_an_outage_a_dead_board_and_its_return(pair, watch):
    pair.wait_up()
    wait_until("they mirror", lambda: pair.left.status()["state"] == "mirroring")
    left, right = ("https://127.0.0.1:%d" % board.web for board in (pair.left, pair.right))
    live = watch("--events", "--pair", pair.file, left, right)
    until(live, "left: SAFE", "right: SAFE")
    pair.right.kill()
    until(live, "right: No board answers at", "left: NOT MIRRORED", "the link to right is lost")
    pair.right.launch()  # who asks as well would be asked to wait
    until(live, "right started as twin", "left: SAFE", "right: SAFE")
    live.send_signal(signal.SIGTERM)
    out, err = live.communicate(timeout=20)
    assert live.returncode == 0 and err == ""
