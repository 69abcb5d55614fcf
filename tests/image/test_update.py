"""Updates of a booted image: refused ones, a good one that is cut in the middle, and two that are no good.

One board goes through all of it, in the order in which the tests stand here.
"""

import json

import pytest

from tests.image.lib.bundles import Bundles
from tests.image.lib.pair import Pair
from tests.process.boards import wait_until
from tools.api import Client
from tools.errors import BoardError

INSTALL_LIMIT_S = 600.0  # emulated, beside other tests; a minute or two where nothing else runs
pytestmark = pytest.mark.timeout(1800)


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


@pytest.fixture
def client(pair, board) -> Client:
    return Client("https://127.0.0.1:%d" % board.web, timeout_s=60.0, pair=str(pair.file))


def send(client: Client, bundle) -> None:
    with open(bundle, "rb") as file:
        client.send_update(file, bundle.stat().st_size)


def wait_for(client: Client, board, *states, limit_s=INSTALL_LIMIT_S) -> dict:
    """The report, as soon as its state is one of these."""
    last: list = [None]

    def attempt():
        assert board.machine.running, board.says()
        try:
            last[0] = client.update_state()
        except BoardError:
            return None
        return last[0] if last[0]["state"] in states else None

    try:
        return wait_until("", attempt, limit_s, 0.5)
    except AssertionError:
        raise AssertionError("%s was not reached, but %s; serial port:\n%s" % (states, last[0], board.says())) from None


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
    report = wait_for(client, board, "refused", limit_s=120.0)
    assert words in report["sentence"] and report["slot"] == "A"


def test_spoiled_bytes_behind_a_good_signature(board, client, bundles):
    bundle = bundles.small("9.3")
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    bundle.write_bytes(data)
    send(client, bundle)
    report = wait_for(client, board, "refused", limit_s=120.0)
    assert "could not be installed" in report["sentence"]
    assert board.shell.run("ls -A /state/update; ls /state/updater/bundle.raucb 2>/dev/null; true") == ""
    assert board.shell.run("losetup --list --noheadings; ls /dev/mapper").split() == ["control"]


def test_a_power_cut_in_the_middle_of_writing(board, client, bundles):
    client.mark("before the update")
    send(client, bundles.whole("0.2.0"))
    wait_until("half of it is written", lambda: _percent(client) >= 60, INSTALL_LIMIT_S, 0.2)
    board.cut()
    board.switch_on()
    report = wait_for(client, board, "ready to restart")
    assert report["slot"] == "A" and "0.2.0" in report["sentence"]


def test_a_good_one_is_tried_and_kept_and_loses_nothing(board, client):
    before = board.wait_for("its disk is served", lambda status: status["serving"])
    client.restart_into_update()
    report = wait_for(client, board, "confirmed")
    assert (report["version"], report["slot"]) == ("0.2.0", "B")
    after = board.wait_for("its disk is served", lambda status: status["serving"])
    assert after["group"]["durable"] >= before["group"]["durable"] > 0
    for word in ("name", "role", "generation", "disk_size"):
        assert after[word] == before[word]
    board.cut()
    variables = board.card.boot_variables()
    assert variables["primary"] == "B" and not variables.get("trial")


@pytest.mark.parametrize("system", ["not_starting", "not_serving"])
def test_one_that_is_no_good_is_left_by_itself(board, client, bundles, system):
    """As the installer leaves it, but for the minutes that the writing takes."""
    if board.machine is None:
        board.switch_on()
    version = board.wait_for("its disk is served", lambda status: status["serving"])["version"]
    slot = client.update_state()["slot"]
    tried, part = ("B", 3) if slot == "A" else ("A", 2)
    story = {"stage": "armed", "version": "0.9.0", "slot": tried}
    board.shell.put("/state/updater/story.json", json.dumps(story).encode())
    board.shell.run("sync")
    board.cut()
    board.card.replace(part, getattr(bundles, system)("0.9.0"))
    board.card.set_boot_variables(trial=tried)
    board.switch_on()
    report = wait_for(client, board, "rolled back", limit_s=2 * INSTALL_LIMIT_S)
    assert "version 0.9.0 was tried" in report["sentence"]
    assert (report["version"], report["slot"]) == (version, slot)
    board.wait_for("its disk is served again", lambda status: status["serving"])


def _percent(client: Client) -> int:
    report = client.update_state()
    assert report["state"] in ("checking", "installing", "receiving"), report
    return report.get("percent", 0) if report["state"] == "installing" else 0
