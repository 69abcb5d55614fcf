"""A journal that is full: the host waits, gets an answer in time, and nothing is lost."""

import threading
import time

from tests.process.boards import wait_until
from tests.process.nbd_client import Failed
from tests.process.oracle import History

SIZE = 64 << 20
LINES = {"disk_size": "64M", "journal_size": "8M"}
STEP = 256 << 10


def fill(client, history: History, count: int) -> "Failed | None":
    """Writes `count` times; the error that ended it."""
    for _ in range(count):
        offset = history.last * STEP % SIZE
        number = history.add(offset, STEP)
        try:
            client.write(offset, history.data(number, offset, STEP))
        except Failed as error:
            history.forget_after(number - 1)
            return error
    return None


def test_without_a_twin_a_write_fails_in_time_and_nothing_before_is_lost(make_pair):
    history = History(SIZE)
    pair = make_pair(**LINES)
    pair.left.start()
    client = pair.left.client()
    began = time.monotonic()
    error = fill(client, history, 64)
    assert error is not None, "16 MiB went into a journal of 8 without a twin"
    assert time.monotonic() - began < 30
    assert pair.left.status()["alarms"]
    assert client.read(0, 4096) == history.data(1, 0, STEP)[:4096], "reads must go on"
    client.close()
    pair.right.start()
    pair.wait_drained()
    assert not pair.left.status()["alarms"]
    client = pair.left.client()
    assert fill(client, history, 4) is None
    client.flush()
    client.close()
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    assert history.prefix_of(pair.right.image.read_bytes()) == history.last
    assert pair.left.image.read_bytes() == pair.right.image.read_bytes()


def test_a_host_that_waits_goes_on_when_the_twin_comes_back(make_pair):
    history = History(SIZE)
    pair = make_pair(**LINES)
    pair.left.start()
    client, outcome = pair.left.client(), []
    host = threading.Thread(target=lambda: outcome.append(fill(client, history, 64)))
    host.start()
    wait_until("the journal is full", lambda: pair.left.status()["alarms"])
    time.sleep(1)
    assert host.is_alive()
    pair.right.start()
    host.join(30)
    assert outcome == [None], "the write failed though the twin was back: %s" % outcome
    client.flush()
    client.close()
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    assert history.prefix_of(pair.right.image.read_bytes()) == history.last


def test_killed_while_full(make_pair):
    history = History(SIZE)
    pair = make_pair(**LINES)
    pair.left.start()
    client = pair.left.client()
    client.flush()
    assert fill(client, history, 16) is None
    client.flush()
    flushed = history.last
    number = history.add(0, STEP)
    for _ in range(32):
        client.send_write(0, history.data(number, 0, STEP))
    wait_until("the journal is full", lambda: pair.left.status()["alarms"])
    pair.left.kill()
    pair.left.start()
    assert history.prefix_of(pair.left.patient_client().read_all()) >= flushed
    pair.right.start()
    pair.wait_drained(60)
    pair.left.stop()
    pair.right.stop()
    assert pair.left.image.read_bytes() == pair.right.image.read_bytes()
