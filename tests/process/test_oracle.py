"""The oracle accepts every prefix, and nothing else."""

import random

import pytest

from tests.process.oracle import SECTOR, History

SIZE = 64 * SECTOR


def filled():
    history, dice = History(SIZE), random.Random(5)
    for _ in range(60):
        length = dice.randint(1, 8)
        history.add(dice.randrange(64 - length) * SECTOR, length * SECTOR, dice.random() < 0.8)
    return history


def test_every_prefix_is_one():
    history = filled()
    for number in range(61):
        image = history.image(number)
        found = history.prefix_of(image)
        assert history.image(found) == image


def test_a_mixture_is_none():
    history = filled()
    old, new = history.image(30), history.image(60)
    for sector in range(64):
        place = slice(sector * SECTOR, (sector + 1) * SECTOR)
        if old[place] != new[place]:
            mixed = bytearray(new)
            mixed[place] = old[place]
            with pytest.raises(AssertionError, match="no prefix"):
                history.prefix_of(mixed)


def test_a_lost_write_that_comes_back_is_found():
    history = History(SIZE)
    history.add(0, SECTOR)
    history.add(SECTOR, SECTOR)
    image = history.image(2)
    history.forget_after(1)
    assert history.prefix_of(history.image(1)) == 1
    with pytest.raises(AssertionError, match="was lost"):
        history.prefix_of(image)


def test_half_a_write_is_none():
    history = History(SIZE)
    number = history.add(0, 4 * SECTOR)
    image = history.image(number)
    image[SECTOR : 2 * SECTOR] = bytes(SECTOR)
    with pytest.raises(AssertionError, match="no prefix"):
        history.prefix_of(image)
