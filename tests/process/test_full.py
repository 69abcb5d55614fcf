"""A journal that is full: the host waits, gets an answer in time, and nothing is lost."""

import threading
import time

from tests.process.boards import wait_until
from tests.process.nbd_client import Failed
from tests.process.oracle import History
from tests.process.relay import Relay

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
    wait_until("nobody has waited for a while", lambda: not pair.left.status()["alarms"])
    client = pair.left.client()
    assert fill(client, history, 4) is None
    client.flush()
    client.close()
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    assert history.prefix_of(pair.right.image.read_bytes()) == history.last
    assert pair.left.image.read_bytes() == pair.right.image.read_bytes()


def test_a_host_that_waits_goes_on_when_the_twin_comes_back(make_pair, make):
    history = History(SIZE)
    pair = make_pair(**LINES)
    # The twin is there, and cannot be reached: a left board whose calls are refused would call ever more seldom, and
    # a write waits for 20 s only.
    relay = make(Relay, int(pair.right.lines["listen"].split(":")[1]))
    relay.open = False
    pair.left.write_conf(peer="127.0.0.1:%d" % relay.port)
    pair.start()
    client, outcome = pair.left.client(), []
    host = threading.Thread(target=lambda: outcome.append(fill(client, history, 64)))
    host.start()
    wait_until("the journal is full", lambda: pair.left.status()["alarms"])
    time.sleep(1)
    assert host.is_alive()
    relay.open = True
    host.join(120)
    assert outcome == [None], "the write failed though the twin was back: %s" % outcome
    client.flush()
    client.close()
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    assert history.prefix_of(pair.right.image.read_bytes()) == history.last


def overfill(client, data: bytes) -> None:
    """More writes than fit, without waiting for answers; the board stops reading them at some point."""
    try:
        for _ in range(32):
            client.send_write(0, data)
    except OSError:
        pass  # it was killed meanwhile


def test_commands_in_flight_are_all_answered_in_time(make_pair):
    """A host gives each command 30 s, also the eighth of those that wait together."""
    history = History(SIZE)
    pair = make_pair(**LINES)
    pair.left.start()
    client = pair.left.client()
    assert fill(client, history, 16) is None
    client.flush()
    filler = pair.left.client()
    threading.Thread(target=overfill, args=(filler, bytes(STEP)), daemon=True).start()
    wait_until("the journal is full", lambda: pair.left.status()["alarms"])
    began = time.monotonic()
    waiting = {client.send_write(place << 12, bytes(4096)) for place in range(8)}
    while waiting:
        waiting.discard(client.take_reply()[0])
    assert time.monotonic() - began < 28
    filler.drop()
    client.drop()


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
    threading.Thread(target=overfill, args=(client, history.data(number, 0, STEP)), daemon=True).start()
    wait_until("the journal is full", lambda: pair.left.status()["alarms"])
    pair.left.kill()
    pair.left.start()
    assert history.prefix_of(pair.left.patient_client().read_all()) >= flushed
    pair.right.start()
    pair.wait_drained(60)
    pair.left.stop()
    pair.right.stop()
    assert pair.left.image.read_bytes() == pair.right.image.read_bytes()


def test_what_queues_behind_a_write_that_waits_is_answered_in_time_too(make_pair):
    left = make_pair(**LINES).left.start()
    client = left.client()
    began = time.monotonic()
    sent = [client.send_write(i << 20, bytes(1 << 20)) for i in range(12)] + [client.send_flush()]
    errors = dict(client.take_reply() for _ in sent)
    assert time.monotonic() - began < 28
    assert {errors[handle] for handle in sent[:-1]} == {0, 28} and errors[sent[-1]] == 0
    client.close()
