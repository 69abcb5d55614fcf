"""Power cuts at seventeen random moments: in the first boot, in later ones, while the server writes. Three more, while
an update comes, is written and is tried, are in test_update.py.

Each cut board is started again, some to be cut once more while they start; in the end each comes up by itself, and both
disks hold a prefix of the server's writes with all that was flushed.
"""

import time

import pytest

from tests.image.lib.cuts import BOOT_PROCESSOR_S
from tests.image.lib.host import Writes
from tests.image.lib.pair import Pair

pytestmark = pytest.mark.timeout(3600)
FIRST_BOOTS, ROUNDS = 4, 3


@pytest.fixture
def pair(cut_pair: Pair) -> Pair:
    return cut_pair


def test_cut_in_the_first_boot(pair: Pair, dice, cuts):
    for _ in range(FIRST_BOOTS):
        pair.switch_on()
        moments = {board: dice.uniform(4, BOOT_PROCESSOR_S) for board in pair.boards}
        for board in sorted(moments, key=moments.get):
            cuts.after_processor_s(board, moments[board])
    pair.switch_on()
    pair.wait_well()
    for board in pair.boards:
        board.shell.run("ls /state/keys/own.key /state/keys/peer.crt && test ! -e /card/pair/own.key")


def test_cut_while_the_server_writes(pair: Pair, dice, cuts, writes):
    for _ in range(ROUNDS):
        writes.begin(pair.left, dice.randrange(1 << 32))
        writes.wait_for_flushes(pair.left, dice.randrange(2, 40))
        cuts.now(pair.right, "running")
        pair.right.switch_on()
        writes.wait_for_flushes(pair.left, dice.randrange(40, 80))
        time.sleep(dice.random())
        cuts.now(pair.left, "running")
        writes.end(pair.left)
        pair.left.switch_on()
        cuts.after_processor_s(pair.left, dice.uniform(4, BOOT_PROCESSOR_S))
        check(pair, writes)
    assert cuts.count == 17


def check(pair: Pair, writes: Writes) -> None:
    """The pair comes up by itself, and both disks hold the same prefix."""
    pair.switch_on()
    pair.wait_mirroring()
    one, other = pair.settle()
    held = writes.check(one)
    assert writes.check(other) == held
    print("both disks hold the writes up to %d; those up to %d were flushed" % (held, writes.safe), flush=True)
    writes.forget_after(held)
