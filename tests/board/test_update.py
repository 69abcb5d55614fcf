"""Updates on a fake board: what is taken, what is refused, and a power cut at every single step."""

import os

import pytest

from board.update import install
from board.update.story import Story
from tests.board.updates import NEW, OLD, SLOT_SIZE, Board, Cut, power_for


@pytest.fixture(autouse=True)
def without_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda file: None)


@pytest.fixture
def board(tmp_path) -> Board:
    return Board(tmp_path)


def test_a_good_update_waits_for_the_restart_is_tried_and_kept(board):
    board.receive()
    board.update()
    assert board.said["state"] == "ready to restart" and NEW in board.said["sentence"]
    assert board.slots == {"A": OLD, "B": NEW} and board.restarts == 0
    board.power_on()
    assert (board.current, board.tried) == ("B", True)
    board.update()
    assert board.judge()
    assert board.said == {"state": "confirmed", "sentence": "version 0.2.0 runs, and is kept", "version": NEW,
                          "slot": "B"}  # fmt: skip
    board.power_on()
    board.update()
    assert board.current == "B" and board.said["state"] == "confirmed"
    assert os.listdir(board.places.inbox) == [] and not os.path.exists(board.places.bundle)


def test_a_system_that_does_not_serve_is_left_and_said_so(tmp_path):
    board = Board(tmp_path, good=(OLD,))
    board.receive()
    board.update()
    board.power_on()
    board.update()
    assert board.tried and not board.judge()
    assert board.said["state"] == "trial"
    board.power_on()
    assert board.current == "A"
    board.update()
    assert board.said["state"] == "rolled back" and NEW in board.said["sentence"] and OLD in board.said["sentence"]
    board.power_on()
    board.update()
    assert board.current == "A" and board.said["state"] == "rolled back"


def test_a_board_that_could_not_serve_before_takes_an_update_that_runs(tmp_path):
    board = Board(tmp_path, good=())
    board.receive()
    board.settle()
    assert board.current == "B" and board.said["state"] == "confirmed"


def test_a_look_that_falls_into_a_step_of_the_clock_makes_no_trial_easier(tmp_path):
    board = Board(tmp_path, good=(OLD,))
    board.receive()
    board.blind = 1
    board.settle()
    assert board.current == "A" and board.said["state"] == "rolled back"


def test_nor_does_a_power_cut_after_which_the_disk_is_not_served_yet(tmp_path):
    board = Board(tmp_path, good=(OLD,))
    board.receive(description="crash")
    with pytest.raises(Cut):
        board.update()
    board.power_on()
    with open(board.places.bundle) as file:
        bundle = file.read().replace('"crash"', "null")
    with open(board.places.bundle, "w") as file:
        file.write(bundle)
    board.blind = 2
    board.settle()
    assert board.current == "A" and board.said["state"] == "rolled back"


def test_a_twin_restarts_by_itself(tmp_path):
    board = Board(tmp_path, role="twin")
    board.receive()
    board.update()
    assert board.restarts == 1


REFUSED = {
    "older": ({"version": "0.0.9"}, "older (0.0.9) than what runs here (0.1.0)"),
    "another kind": ({"model": "rpi4"}, "for a board of kind rpi4, and this one is qemu"),
    "not trusted": ({"trusted": False}, "no update that this board trusts"),
    "too big": ({"size": SLOT_SIZE + 1}, "too big"),
    "no version": ({"version": ""}, "does not say its version"),
    "newer journal": ({"build": "journal-format=2 link-version=1"}, "keeps its journal in format 2"),
    "no format": ({"build": "x"}, "keeps its journal in format None"),
    "damaged": ({"description": "damaged"}, "Input/output error"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_changes_nothing(board, case):
    bundle, words = REFUSED[case]
    board.receive(**bundle)
    board.update()
    assert board.said["state"] == "refused" and words in board.said["sentence"]
    assert board.said["sentence"][-1] != "." and "\n" not in board.said["sentence"]
    assert not os.path.exists(board.places.bundle) and not os.path.exists(board.places.received)
    board.power_on()
    board.update()
    assert board.current == "A" and board.said["state"] == "refused"


def test_without_a_certificate_everything_is_refused(board):
    os.unlink(board.places.certificate)
    board.receive()
    board.update()
    assert board.said["state"] == "refused" and "without a certificate" in board.said["sentence"]


def test_what_is_no_file_is_refused(board, tmp_path):
    precious = tmp_path / "precious"
    precious.touch(0o644)
    for make in (lambda path: os.symlink(precious, path), os.mkdir, os.mkfifo):
        make(board.places.received)
        board.update()
        assert board.said["state"] == "refused" and "not a file" in board.said["sentence"]
        assert not os.path.lexists(board.places.bundle)
    assert precious.stat().st_mode & 0o777 == 0o644


def test_the_other_boards_update_is_asked_for_when_the_link_changes(board):
    board.receive(build="journal-format=1 link-version=99")
    board.update()
    assert board.said["sentence"].endswith("when the other one has this update, too")


def test_a_second_update_replaces_one_that_waits_for_its_restart(board):
    board.receive()
    board.update()
    board.receive(version="0.3.0", model="rpi4")
    board.update()
    assert board.said["state"] == "refused" and board.boot.read().next == "A"


def test_an_update_that_comes_during_a_trial_waits_for_its_end(board):
    board.receive()
    board.update()
    board.power_on()
    board.receive(version="0.3.0")
    board.update()
    assert os.path.exists(board.places.received) and board.slots == {"A": OLD, "B": NEW}
    assert board.judge()
    board.update()
    assert board.slots == {"A": "0.3.0", "B": NEW} and board.said["state"] == "ready to restart"


def test_an_update_comes_back_from_a_slot_that_the_boot_loader_could_not_load(board):
    board.boot.change(lambda choice: setattr(choice, "primary", "B"))  # and GRUB fell back to A
    board.receive()
    board.update()
    assert board.slots["B"] == NEW
    board.power_on()
    assert (board.current, board.tried) == ("B", True)


def test_a_bundle_that_brings_the_board_down_is_given_up(board):
    board.receive(description="crash")
    for _ in range(install.MAX_ATTEMPTS):
        with pytest.raises(Cut):
            board.update()
        board.power_on()
    board.update()
    assert board.said["state"] == "refused" and "went down 3 times" in board.said["sentence"]


def _cuts(tmp_path, good) -> "tuple[int, set[str]]":
    """Cuts the power at every step of a whole update, then lets it come to its end."""
    steps, ends = 0, set()
    while True:
        root = tmp_path / str(steps)
        root.mkdir()
        board = Board(root, good=good)
        board.receive()
        try:
            with power_for(steps) as left:
                board.settle()
        except Cut:
            written, whole = board.installs, Story.load(board.places).stage == "installed"
            board.power_on()
            board.settle()
            assert board.installs == written or not whole, "what was whole was written once more"
        ends.add((board.current, board.said["state"], Story.load(board.places).stage))
        assert board.installs <= 2 and not os.path.exists(board.places.bundle)
        assert board.boot.read().next == board.current
        if left[0] >= 0:
            return steps, ends
        steps += 1


def test_a_power_cut_at_any_step_of_a_good_update_ends_in_the_new_system_or_the_old(tmp_path):
    steps, ends = _cuts(tmp_path, (OLD, NEW))
    assert steps > 60
    # A trial that was cut is over: the old system runs, and the update may be sent again.
    assert ends == {("B", "confirmed", "confirmed"), ("A", "rolled back", "rolled back")}


def test_a_power_cut_at_any_step_of_a_bad_update_ends_in_the_old_system(tmp_path):
    _, ends = _cuts(tmp_path, (OLD,))
    assert ends == {("A", "rolled back", "rolled back")}
