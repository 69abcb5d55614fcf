"""The wire is cut, frozen and slow: the host does not wait, the twin gets everything, in order."""

import os
import random
import signal
import time

import pytest

from tests.process.boards import wait_until
from tests.process.oracle import History
from tests.process.relay import Relay
from tests.process.writer import Writer

SIZE = 32 << 20


@pytest.fixture
def wired(make_pair):
    """A pair with a relay on the wire, and the relay."""
    pair = make_pair(journal_size="512M")
    relay = Relay(int(pair.right.lines["listen"].split(":")[1]))
    pair.left.write_conf(peer="127.0.0.1:%d" % relay.port)
    yield pair.start(), relay
    relay.end()


def finish(pair, history: History) -> None:
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    image = pair.right.image.read_bytes()
    assert history.prefix_of(image) == history.entries[-1][0]
    assert image == pair.left.image.read_bytes()


def test_cut_again_and_again(wired):
    pair, relay = wired
    dice, history = random.Random(21), History(SIZE)
    relay.step = 5000  # so that a cut falls into the middle of a group
    writer = Writer(pair.left, history, dice).start()
    for _ in range(12):
        time.sleep(dice.uniform(0.05, 0.5))
        relay.cut()
    writer.stop()
    finish(pair, history)


def test_an_outage_does_not_hold_the_host(wired):
    """Every write and flush during the outage is answered soon; the backlog counts, then goes down to nothing."""
    pair, relay = wired
    history = History(SIZE)
    client = pair.left.client()
    relay.open = False
    relay.cut()
    slowest = 0.0
    for place in range(200):
        began = time.monotonic()
        number = history.add(place * 8192, 8192)
        client.write(place * 8192, history.data(number, place * 8192, 8192))
        client.flush()
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 8, "a write took %.1f s" % slowest
    status = pair.left.status()
    assert status["state"] in ("no link", "behind") and status["backlog"]["groups"] >= 100
    assert status["backlog"]["bytes"] >= 200 * 8192
    relay.open = True
    client.close()
    finish(pair, history)


def test_a_frozen_twin_does_not_hold_the_host(wired):
    pair, relay = wired
    history = History(SIZE)
    os.killpg(pair.right.process.pid, signal.SIGSTOP)
    try:
        client = pair.left.client()
        began = time.monotonic()
        for place in range(100):
            number = history.add(place * 65536, 65536)
            client.write(place * 65536, history.data(number, place * 65536, 65536))
        client.flush()
        assert time.monotonic() - began < 15
        client.close()
    finally:
        os.killpg(pair.right.process.pid, signal.SIGCONT)
    finish(pair, history)


def test_a_wire_that_goes_silent_is_given_up(wired):
    """Nothing says that the wire is dead but silence; once it works again the twin catches up."""
    pair, relay = wired
    history = History(SIZE)
    wait_until("they are connected", lambda: pair.left.status()["link"]["state"] == "up")
    relay.open = False
    wait_until("the silence is noticed", lambda: pair.left.status()["state"] == "no link", 60)
    writer = Writer(pair.left, history, random.Random(4)).start()
    time.sleep(0.3)
    relay.cut()
    relay.open = True
    writer.stop()
    finish(pair, history)


def test_the_rate_is_kept(make_pair):
    """With rate = 2M not more than 250 kB a second leaves, and the host does not notice."""
    history = History(SIZE)
    pair = make_pair(rate="2M", journal_size="64M").start()
    wait_until("they are connected", lambda: pair.left.status()["link"]["state"] == "up")
    client = pair.left.client()
    began = time.monotonic()
    for place in range(24):
        number = history.add(place << 17, 1 << 17)
        client.write(place << 17, os.urandom(1 << 17))
    client.flush()
    assert time.monotonic() - began < 8
    time.sleep(1.5)
    sent = pair.left.status()["link"]["sent_bytes"]
    assert sent <= (time.monotonic() - began) * 0.325e6 + (256 << 10), "%d bytes in %.1f s" % (
        sent, time.monotonic() - began)  # fmt: skip
    client.close()
    pair.wait_drained()
    assert number == history.last and time.monotonic() - began > 2


def test_a_board_whose_child_dies_says_so_or_ends(make_pair):
    """SIGKILL to one of a board's own processes: nothing flushed is lost, nothing is mixed up."""
    dice, history = random.Random(31), History(SIZE)
    pair = make_pair().start()
    children = os.popen("pgrep -P %d" % pair.left.process.pid).read().split()
    if not children:
        return  # a board of one process
    writer = Writer(pair.left, history, dice).start()
    time.sleep(0.5)
    os.kill(int(children[0]), signal.SIGKILL)
    writer.join()
    assert writer.error is not None, "writes go on though nobody plays them"
    if pair.left.running:
        assert pair.left.status()["state"] == "failed" and pair.left.status()["alarms"]
        pair.left.kill()
    pair.left.start()
    client = pair.left.patient_client()
    number = history.prefix_of(client.read_all())
    assert number >= writer.flushed
    history.forget_after(number)
    client.close()
    finish(pair, history)
