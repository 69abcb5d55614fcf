"""SIGKILL at random moments: what was flushed is there, what is there is a prefix, the twin follows."""

import os
import random
import time

import pytest

from tests.process.oracle import History
from tests.process.writer import Writer

SIZE = 32 << 20
ROUNDS = int(os.environ.get("SOSIE_KILL_ROUNDS", "8"))


def check_prefix(history: History, image: bytes, at_least: int, whose: str) -> int:
    """`image` is a prefix that holds write `at_least`; returns its last write."""
    number = history.prefix_of(image)
    assert number >= at_least, "%s lost flushed writes: it holds %d, flushed was %d" % (whose, number, at_least)
    return number


def continue_after_kill(history: History, board, writer: Writer) -> None:
    """The restarted board serves a prefix with all that was flushed; history goes on from there."""
    with_client = board.patient_client()
    number = check_prefix(history, with_client.read_all(), writer.flushed, board.name)
    with_client.close()
    history.forget_after(number)


@pytest.mark.parametrize("victim", ["primary", "twin", "both"])
def test_killed_again_and_again(make_pair, victim):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice, history = random.Random(seed), History(SIZE)
    pair = make_pair().start()
    for _ in range(ROUNDS):
        writer = Writer(pair.left, history, dice).start()
        time.sleep(dice.uniform(0.05, 0.7))
        if victim != "primary":
            pair.right.kill()
        if victim != "twin":
            pair.left.kill()
            writer.join()
            pair.left.start()
        time.sleep(dice.uniform(0.0, 0.2))
        if victim != "primary":
            pair.right.start()
        if victim == "twin":
            writer.stop()  # after the twin is back: its journal may have filled up meanwhile
        continue_after_kill(history, pair.left, writer)
    pair.wait_drained()
    check_images_equal(pair, history)


def check_images_equal(pair, history: History) -> None:
    """After clean stops both images are complete and the same prefix."""
    pair.left.stop()
    pair.right.stop()
    left, right = pair.left.image.read_bytes(), pair.right.image.read_bytes()
    history.prefix_of(left)
    assert left == right


def test_a_twin_stopped_in_mid_stream_holds_a_prefix(make_pair):
    dice, history = random.Random(7), History(SIZE)
    pair = make_pair(journal_size="256M").start()  # room for all that is written without the twin
    last = 0
    for _ in range(4):
        writer = Writer(pair.left, history, dice).start()
        time.sleep(0.5)
        acked = pair.left.status()["group"]["acked"]
        pair.right.stop()
        assert pair.left.running
        writer.stop()
        number = check_prefix(history, pair.right.image.read_bytes(), last, "the twin")
        assert number <= history.last
        last = number
        pair.right.start()
        assert pair.right.status()["group"]["durable"] >= acked
    pair.wait_drained()
    check_images_equal(pair, history)


def test_a_primary_that_stops_cleanly_has_all_on_its_disk(make_pair):
    history = History(SIZE)
    pair = make_pair().start()
    client = pair.left.client()
    for place in range(40):  # answered, never flushed
        number = history.add(place << 14, 4096)
        client.write(place << 14, history.data(number, place << 14, 4096))
    pair.left.stop()
    assert history.prefix_of(pair.left.image.read_bytes()) == history.last


def test_a_flush_covers_completed_writes_of_other_connections(make_board):
    board = make_board().start()
    history = History(SIZE)
    for round_ in range(3):
        first, second = board.patient_client(), board.patient_client()
        number = history.add(round_ << 16, 8192)
        first.write(round_ << 16, history.data(number, round_ << 16, 8192))
        second.flush()
        board.kill()
        board.start()
        client = board.patient_client()
        assert history.prefix_of(client.read_all()) == number
        client.close()


def test_a_fua_write_survives(make_board):
    board = make_board().start()
    history = History(SIZE)
    for round_ in range(3):
        client = board.patient_client()
        number = history.add(round_ * 8192, 4096)
        client.write(round_ * 8192, history.data(number, round_ * 8192, 4096), flags=1)
        board.kill()
        board.start()
        assert history.prefix_of(board.patient_client().read_all()) == number


def test_killed_while_it_recovers(make_pair):
    dice, history = random.Random(11), History(SIZE)
    pair = make_pair().start()
    writer = Writer(pair.left, history, dice).start()
    time.sleep(1.0)
    pair.left.kill()
    writer.join()
    for _ in range(10):
        pair.left.launch()
        time.sleep(dice.uniform(0.02, 0.4))
        pair.left.kill()
    pair.left.start()
    continue_after_kill(history, pair.left, writer)
    pair.wait_drained()
    check_images_equal(pair, history)


def test_trimmed_ranges_are_the_same_on_both(make_pair):
    pair = make_pair().start()
    client, dice = pair.left.client(), random.Random(3)
    for _ in range(200):
        offset, length = dice.randrange(SIZE >> 9) << 9, dice.randint(1, 64) << 9
        length = min(length, SIZE - offset)
        if dice.random() < 0.4:
            client.zero(offset, length, trim=dice.random() < 0.5)
        else:
            client.write(offset, os.urandom(length))
    client.flush()
    seen = client.read_all()
    client.close()
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    assert pair.left.image.read_bytes() == seen
    assert pair.right.image.read_bytes() == seen
