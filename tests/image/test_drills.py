"""The recovery drills of the README, in its words, with booted images; each begins where the one before it ended.

A server writes all along where it can, and what it was told is safe is looked for after each drill.
"""

import os
import subprocess

import pytest

from tests.image.lib import host
from tests.image.lib.host import Writes
from tests.image.lib.machine import Disk
from tests.image.lib.pair import CARD_BYTES, Pair, new_disk
from tests.image.lib.surfaces import wait_for_words
from tests.process.boards import ROOT, wait_until

pytestmark = pytest.mark.timeout(2700)
SEED = 7


@pytest.fixture(scope="module")
def pair(cut_pair: Pair):
    cut_pair.switch_on()
    cut_pair.wait_mirroring()
    yield cut_pair
    cut_pair.end()


def recovered(pair: Pair, writes: Writes) -> None:
    """The pair mirrors, and both disks hold the same prefix with all that was promised."""
    pair.wait_mirroring()
    one, other = pair.settle()
    held = writes.check(one)
    assert writes.check(other) == held
    writes.forget_after(held)


def test_a_card_is_pulled_while_the_board_runs(pair, writes):
    writes.begin(pair.left, SEED)
    writes.wait_for_flushes(pair.left, 20)
    pair.left.machine.pull_card()
    wait_until("the console says so", lambda: "the journal" in pair.left.screen(), 240, 0.5)
    pair.left.wait_for("the page says so", lambda status: status["state"] == "failed", 240)
    assert pair.right.status()["alarms"] == [] or pair.right.status()["state"] == "no link"
    pair.left.cut()
    writes.end(pair.left)
    pair.left.switch_on()
    recovered(pair, writes)


def test_wrong_cards_and_then_other_ports(pair, writes):
    """Each board has the other's disk; then its own, in another port."""
    for board in pair.boards:
        board.cut()
    left, right = pair.boards
    left.disks, right.disks = right.disks, left.disks
    contents = [each.path.read_bytes() for each in left.disks + right.disks]
    pair.switch_on()
    for board in pair.boards:
        wait_for_words(board, "belongs to the disk")
    for board in pair.boards:
        board.machine.pull(board.disks[0])
    assert [each.path.read_bytes() for each in left.disks + right.disks] == contents
    left.disks, right.disks = right.disks, left.disks
    for board in pair.boards:
        board.disks[0].port = 3
        board.machine.plug(board.disks[0])
    recovered(pair, writes)


def test_the_disk_of_the_twin_is_dead(pair, writes):
    left, right = pair.boards
    right.cut()
    left.shut_down()
    right.disks = [Disk(new_disk(pair.folder / "new.disk"), "DISK-new")]
    for board in pair.boards:
        board.card.write("start-anew", b"")
    pair.switch_on()
    recovered(pair, writes)
    assert "start-anew" not in left.card.names() + right.card.names()


def test_the_card_of_the_twin_is_dead(pair, writes):
    left, right = pair.boards
    right.cut()
    argv = ["./flash.sh", "--board", "qemu", "--from", pair.image, "--image", right.card.path, "--force", "--yes"]
    argv += ["--name", "right", "--pair", pair.file, "--again"]
    subprocess.run(argv, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    os.truncate(right.card.path, CARD_BYTES)
    right.allow_tests()
    right.switch_on()
    wait_for_words(right, "holds data")
    right.cut()
    left.shut_down()
    right.card.write("start-anew", b"empty the disk\n")
    left.card.write("start-anew", b"")
    pair.switch_on()
    recovered(pair, writes)


def test_the_first_site_is_gone(pair, writes):
    """The twin serves; the old board comes back fenced; then a new pair, with the roles changed."""
    left, right = pair.boards
    writes.begin(left, SEED + 1)
    writes.wait_for_flushes(left, 20)
    left.cut()
    writes.end(left)
    argv = ["tools/sosie", "promote", "--pair", pair.file, "--force", "https://127.0.0.1:%d" % right.web]
    subprocess.run(argv, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    right.wait_for("it serves", lambda status: status["state"] == "promoted")
    device = host.disk_of(right)
    right.shell.run("dd if=%s of=/run/copy bs=1M iflag=direct" % device)
    left.switch_on()
    left.wait_for("it is fenced", lambda status: status["state"] == "fenced")
    left.cut()
    right.shut_down()
    writes.safe = 0  # what the twin had not got yet is on the old board only
    held = writes.check(right.disks[0].path)
    writes.forget_after(held)
    change_roles(pair)
    pair.switch_on()
    recovered(pair, writes)


def change_roles(pair: Pair) -> None:
    """The table of the README."""
    left, right = pair.boards
    edit(right, "role = primary", pair.change_roles(), start_anew=b"")
    edit(left, "role = twin", start_anew=b"empty the disk\n")


def edit(board, *lines: str, start_anew: bytes) -> None:
    """The card in a computer: the lines take the places of those for role and peer."""
    text = board.card.read("sosie.conf").decode()
    kept = [each for each in text.splitlines() if not each.startswith(("role", "peer"))]
    board.card.write("sosie.conf", "".join(each + "\n" for each in [*kept, *lines]).encode())
    board.card.write("start-anew", start_anew)
