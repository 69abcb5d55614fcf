"""Updates of a booted image: refused ones, a good one whose power is cut at three random moments, two that are no good.

One board goes through all of it, in the order in which the tests stand here. After each power cut it comes up by itself
and serves its disk, by the old system or the new one, with all that was flushed.
"""

import pytest

from tests.image.lib.bundles import Bundles
from tests.image.lib.cuts import BOOT_PROCESSOR_S
from tests.image.lib.host import Writes
from tests.image.lib.pair import DISK_BYTES, Pair
from tests.image.lib.updating import INSTALL_LIMIT_S, CutShort, arm, send, wait_for
from tests.process.boards import wait_until
from tools.api import Client
from tools.errors import BoardError

WRITING_PROCESSOR_S = 25.0  # about half of what it takes
NEW = "0.2.0"
pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(scope="module")
def bundles(image, tmp_path_factory) -> Bundles:
    return Bundles(image, tmp_path_factory.mktemp("bundles"))


@pytest.fixture(scope="module")
def pair(image, bundles, tmp_path_factory):
    made = Pair(image, tmp_path_factory.mktemp("pair"))
    made.left.card.write("pair/update.crt", bundles.certificate)
    yield made
    made.end()


@pytest.fixture(scope="module")
def board(pair):
    pair.left.switch_on().wait_for("its disk is served", lambda status: status["serving"])
    return pair.left


@pytest.fixture(scope="module")
def first(board) -> dict:
    return board.status()


@pytest.fixture(scope="module")
def writes(first) -> Writes:
    return Writes(DISK_BYTES)


@pytest.fixture
def client(pair, board) -> Client:
    return Client("https://127.0.0.1:%d" % board.web, timeout_s=60.0, pair=str(pair.file))


REFUSED = {
    "bad signature": ({"version": "9.0", "signed_by_other": True}, "no update that this board trusts"),
    "older": ({"version": "0.0.1"}, "older (0.0.1) than what runs here"),
    "another kind": ({"version": "9.1", "model": "rpi4"}, "for a board of kind rpi4, and this one is qemu"),
    "newer journal": ({"version": "9.2", "formats": "journal-format=9 link-version=1"}, "its journal in format 9"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_in_one_sentence(board, client, bundles, case):
    what, words = REFUSED[case]
    send(client, bundles.small(**what))
    report = wait_for(client, board, "refused")
    assert words in report["sentence"] and report["slot"] == "A"


def test_spoiled_bytes_behind_a_good_signature(board, client, bundles):
    bundle = bundles.small("9.3")
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    bundle.write_bytes(data)
    send(client, bundle)
    report = wait_for(client, board, "refused")
    assert "could not be installed" in report["sentence"]
    assert board.shell.run("ls -A /state/update; ls /state/updater/bundle.raucb 2>/dev/null; true") == ""
    wait_until("no device is left", lambda: devices(board) == ["control"], 60, 0.5)  # udev may hold one for a moment


def devices(board) -> list[str]:
    return board.shell.run("losetup --list --noheadings; ls /dev/mapper").split()


def test_power_cuts_while_it_is_sent_and_written(board, client, bundles, dice, cuts, writes):
    """What was sent in part is nothing; what was written in part is begun again."""
    client.mark("before the update")
    bundle = bundles.whole(NEW)
    writes.begin(board, dice.randrange(1 << 32))
    writes.wait_for_flushes(board, 2)
    size = bundle.stat().st_size
    with CutShort(bundle, dice.randrange(size // 20, size // 2), lambda: cuts.now(board, "the upload")) as file:
        with pytest.raises(BoardError):
            client.send_update(file, size)
    comes_up(board, writes)
    assert client.update_state()["state"] not in ("checking", "installing", "ready to restart")
    send(client, bundle)
    wait_for(client, board, "installing")
    writes.begin(board, dice.randrange(1 << 32))
    writes.wait_for_flushes(board, 2)
    now = board.machine.seconds_of_processor()
    cuts.after_processor_s(board, now + dice.uniform(0, WRITING_PROCESSOR_S), "the writing of the slot")
    comes_up(board, writes)
    report = wait_for(client, board, "ready to restart")
    assert report["slot"] == "A" and NEW in report["sentence"]


def test_a_power_cut_while_it_is_tried(board, client, dice, cuts, writes):
    """On the way into the new system, or when that serves already. A trial that began and did not end is lost, one
    that had not begun is made at the next start."""
    writes.begin(board, dice.randrange(1 << 32))
    writes.wait_for_flushes(board, 2)
    client.restart_into_update()
    until = board.machine.seconds_of_processor() + dice.uniform(5, 2 * BOOT_PROCESSOR_S)
    cuts.after_processor_s(board, until, "the trial")
    choice = board.card.boot_variables()
    is_lost = choice["primary"] == "A" and not choice.get("trial")
    comes_up(board, writes)
    if is_lost:
        report = wait_for(client, board, "rolled back")
        assert report["slot"] == "A" and "version %s was tried" % NEW in report["sentence"]
        arm(board, "B", NEW)
        board.switch_on()


def test_a_good_one_is_kept_and_loses_nothing(board, client, writes, first):
    report = wait_for(client, board, "confirmed")
    assert (report["version"], report["slot"]) == (NEW, "B")
    after = board.wait_for("its disk is served", lambda status: status["serving"])
    assert after["group"]["durable"] > first["group"]["durable"]
    for word in ("name", "role", "generation", "disk_size"):
        assert after[word] == first[word]
    writes.check_alone(board)
    board.shell.run("grep -x primary=B /card/grub/grubenv && ! grep trial=. /card/grub/grubenv")


@pytest.mark.parametrize("system", ["not_starting", "not_serving"])
def test_one_that_is_no_good_is_left_by_itself(board, client, bundles, system):
    version = board.wait_for("its disk is served", lambda status: status["serving"])["version"]
    slot = client.update_state()["slot"]
    tried, part = ("B", 3) if slot == "A" else ("A", 2)
    arm(board, tried, "0.9.0")
    board.card.replace(part, getattr(bundles, system)("0.9.0"))
    board.switch_on()
    report = wait_for(client, board, "rolled back", limit_s=2 * INSTALL_LIMIT_S)
    assert "version 0.9.0 was tried" in report["sentence"]
    assert (report["version"], report["slot"]) == (version, slot)
    board.wait_for("its disk is served again", lambda status: status["serving"])


def test_a_restart_that_was_wished_for_is_made_once(board):
    """The power is cut as soon as the wish was taken: on the card, too, it is gone."""
    board.shell.run("systemctl mask --runtime reboot.target && touch /state/update/restart && sync /state/update")
    taken = "test ! -e /state/update/restart && systemctl is-failed sosie-update-restart.service"
    wait_until("it is taken", lambda: board.shell.try_run(taken)[0] == 0, 120, 0.2)
    board.cut()
    board.allow_tests("systemd.mask=sosie-update-restart.path").switch_on().wait_up()
    board.shell.run("test ! -e /state/update/restart")


def comes_up(board, writes) -> None:
    """After a power cut, by itself, with all that was flushed."""
    writes.end(board)
    board.switch_on()
    board.wait_for("its disk is served", lambda status: status["serving"])
    writes.check_alone(board)
