"""Every planted bug is found by the simulator. `-s` shows by which seed, and how it showed."""

import multiprocessing.pool

import pytest

from tests.sim.mutants import MUTANTS, hunt, replace

SEEDS = 600


@pytest.fixture(scope="module")
def caught():
    """Hunts all mutants, two at a time; answers of imap come in order, so the tests wait for their own."""
    with multiprocessing.pool.ThreadPool(2) as pool:
        yield {what: pool.apply_async(hunt, (what, SEEDS)) for what in MUTANTS}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("what", MUTANTS)
def test_mutant_is_caught(caught, what):
    seed, how = caught[what].get()
    print("%s: seed %d: %s" % (what, seed, how))
    assert seed, "%d seeds did not find it" % SEEDS


def test_a_mutant_of_what_is_not_there_fails_loudly():
    with pytest.raises(AssertionError):
        replace("board:Board.no_such_thing", lambda old: old)
