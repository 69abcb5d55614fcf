"""A live twin under MicroPython mirrors a live primary under CPython."""

import random
import subprocess
import time
from pathlib import Path

import pytest

from tests.process.boards import Pair, wait_until
from tests.process.oracle import History
from tests.process.writer import Writer

SIZE = 32 << 20
RECIPE = Path(__file__).parent / "interpreter"


@pytest.fixture(scope="module")
def interpreter():
    run = subprocess.run([RECIPE], capture_output=True, text=True, timeout=300)
    if run.returncode:
        pytest.skip(run.stderr.strip().splitlines()[-1])
    return run.stdout.strip(), "-X", "heapsize=96M"


@pytest.fixture
def pair(tmp_path, interpreter):
    pair = Pair(tmp_path, twin_interpreter=interpreter)
    yield pair
    pair.end()


def check_equal(pair, history: History) -> None:
    pair.wait_drained(60)
    pair.left.stop()
    pair.right.stop()
    image = pair.right.image.read_bytes()
    assert history.prefix_of(image) == history.last
    assert image == pair.left.image.read_bytes()


def test_the_twin_follows(pair):
    history = History(SIZE)
    pair.start()
    assert b"/micropython\0-X" in Path("/proc/%d/cmdline" % pair.right.process.pid).read_bytes()
    writer = Writer(pair.left, history, random.Random(1)).start()
    time.sleep(3)
    writer.stop()
    check_equal(pair, history)


def test_the_twin_is_killed_and_recovers(pair):
    dice, history = random.Random(2), History(SIZE)
    pair.start()
    for _ in range(4):
        writer = Writer(pair.left, history, dice).start()
        time.sleep(dice.uniform(0.2, 0.8))
        pair.right.kill()
        time.sleep(0.2)
        pair.right.start()
        writer.stop()
    check_equal(pair, history)


def test_the_twin_is_promoted(pair):
    history = History(SIZE)
    pair.start()
    writer = Writer(pair.left, history, random.Random(3)).start()
    time.sleep(1)
    pair.left.kill()
    writer.join()
    pair.right.promote()
    client = pair.right.patient_client()
    history.forget_after(history.prefix_of(client.read_all()))
    number = history.add(4096, 8192)
    client.write(4096, history.data(number, 4096, 8192))
    client.flush()
    client.close()
    assert wait_until("it is primary", lambda: pair.right.status()["role"] == "primary")
    pair.right.stop()
    assert history.prefix_of(pair.right.image.read_bytes()) == number


def test_alerts_are_refused_there(pair):
    pair.right.write_conf(alert_webhook="http://127.0.0.1:9/")
    assert "alerts need CPython" in pair.right.refuses()
