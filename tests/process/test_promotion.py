"""The first board is lost, the twin is promoted by force; the old board comes back and is fenced."""

import random
import time

import pytest

from firmware.pair import identity
from firmware.pair.identity import Identity
from tests.process.boards import wait_until
from tests.process.nbd_client import Refused
from tests.process.oracle import History
from tests.process.writer import Writer
from tools.ring import Ring

SIZE = 32 << 20


def lost_in_mid_write(pair, history: History, seed: int) -> Writer:
    """The primary dies by SIGKILL under load."""
    writer = Writer(pair.left, history, random.Random(seed)).start()
    time.sleep(0.8)
    pair.left.kill()
    writer.join()
    return writer


def kept_identity(board) -> Identity:
    """What its journal holds of who it is."""
    ring = Ring(str(board.journal))
    try:
        return identity.unpack(ring.superblock.label)
    finally:
        ring.close()


def test_a_twin_takes_no_host_before_it_is_promoted(make_pair):
    pair = make_pair().start()
    with pytest.raises((Refused, OSError)) as caught:
        pair.right.client()
    if isinstance(caught.value, Refused):
        assert "promote" in str(caught.value)
    assert pair.right.running


def test_promotion_without_force_is_refused_with_a_reason(make_pair):
    pair = make_pair().start()
    pair.wait_drained()
    code, body = pair.right.request("POST", "/api/promote", {"force": False})
    assert 400 <= code < 500 and b"force" in body
    assert pair.right.status()["role"] == "twin"


def test_a_primary_is_not_promoted(make_pair):
    pair = make_pair().start()
    code, body = pair.left.request("POST", "/api/promote", {"force": True})
    assert 400 <= code < 500, body
    assert pair.left.status()["generation"] == 1


def test_the_promoted_twin_serves_a_prefix_soon(make_pair):
    history = History(SIZE)
    pair = make_pair().start()
    lost_in_mid_write(pair, history, 1)
    began = time.monotonic()
    pair.right.promote()
    client = pair.right.patient_client()
    assert time.monotonic() - began < 8
    number = history.prefix_of(client.read_all())
    history.forget_after(number)
    number = history.add(0, 8192)
    client.write(0, history.data(number, 0, 8192))
    client.flush()
    status = pair.right.status()
    assert (status["role"], status["generation"]) == ("primary", 2)
    pair.right.kill()
    pair.right.start()  # promotion and write are remembered, whatever its board.conf says
    assert pair.right.status()["role"] == "primary"
    assert history.prefix_of(pair.right.patient_client().read_all()) == number


def test_the_old_board_is_fenced_and_keeps_what_it_has(make_pair):
    history = History(SIZE)
    pair = make_pair().start()
    writer = lost_in_mid_write(pair, history, 2)
    pair.right.promote()
    client = pair.right.patient_client()
    taken_over = history.prefix_of(client.read_all())
    client.close()

    pair.left.start()
    wait_until("the old board is fenced", lambda: pair.left.status()["state"] == "fenced")
    with pytest.raises((Refused, OSError)):
        pair.left.client()
    assert pair.left.status()["alarms"]
    wait_until("its journal tells so", lambda: kept_identity(pair.left).fenced)
    pair.left.kill()
    pair.left.start()
    assert pair.left.status()["state"] == "fenced", "fencing was forgotten"

    pair.left.stop()
    its_own = history.prefix_of(pair.left.image.read_bytes())
    assert its_own >= writer.flushed
    assert its_own >= taken_over, "the twin held what the first board lost"


def test_the_twin_is_killed_while_it_is_promoted(make_pair):
    history = History(SIZE)
    pair = make_pair().start()
    lost_in_mid_write(pair, history, 4)
    for delay_s in (0.0, 0.01, 0.05):
        try:
            pair.right.promote()
            time.sleep(delay_s)
        except (OSError, AssertionError):
            pass  # it may be primary already
        pair.right.kill()
        pair.right.start()
    if pair.right.status()["role"] == "twin":
        pair.right.promote()
    history.prefix_of(pair.right.patient_client().read_all())
    assert pair.right.status()["generation"] == 2
