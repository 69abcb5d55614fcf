"""What a finger can do to a board, from the line of the button to promotion and stop."""

import pytest

from firmware.errors import Refused
from tests.board.panels import LIGHT_PINS, Front

TWIN = {"role": "twin", "name": "right", "link_state": "connecting"}


def held(front, for_ms: int = 6000, then_ms: "int | None" = 1000) -> None:
    """A press, and a short one so long after its end."""
    front.gpio.press(1000, for_ms)
    if then_ms is not None:
        front.gpio.press(1000 + for_ms + then_ms, 300)
    front.world.run(1000 + for_ms + (then_ms or 0) + 2000)


def test_a_long_press_and_another_one_promote_a_twin_whose_link_is_down():
    front = Front(**TWIN).start()
    held(front)
    assert [force for _, force in front.board.promoted] == [True]
    assert front.board.events.said == ["right is promoted by its button"]
    assert front.stops == []


def test_they_stop_a_primary():
    front = Front().start()
    held(front)
    assert len(front.stops) == 1 and front.board.promoted == []
    assert front.board.events.said == ["left was stopped by its button"]


def test_a_twin_whose_other_board_is_there_is_not_promoted():
    front = Front(**dict(TWIN, link_state="up")).start()
    held(front)
    assert front.board.promoted == [] and front.stops == []
    assert "does not promote right" in front.panel.viewer._notice


@pytest.mark.parametrize("changes", [{"link_state": "up"}, {"role": "primary"}, {"consistent": False}])
def test_what_changes_between_the_presses_is_not_done(changes):
    front = Front(**TWIN).start()
    front.gpio.press(1000, 6000)
    front.world.run(7500)
    front.board.set(**changes)
    front.gpio.press(500, 300)
    front.world.run(3000)
    assert front.board.promoted == [] and front.stops == []


def test_a_twin_without_a_whole_copy_is_not_promoted():
    front = Front(**dict(TWIN, consistent=False)).start()
    held(front)
    assert front.board.promoted == [] and "no whole copy" in front.panel.viewer._notice


def test_a_promotion_that_is_refused_says_so_in_the_language_of_the_board():
    front = Front(**dict(TWIN, language="fr")).start()
    front.board.refusal = Refused("right is being promoted or stopped already")
    held(front)
    assert len(front.board.promoted) == 1
    assert front.panel.viewer._notice != str(front.board.refusal) and "right" in front.panel.viewer._notice


def test_what_stands_in_for_a_board_does_nothing():
    front = Front(running=False, disk_size=0, **TWIN).start()
    held(front)
    assert front.board.promoted == [] and front.stops == []


def test_accidents_do_nothing():
    """Bumps, rubbing, a box that leans on it, a short press after another at any distance."""
    for facts in (TWIN, {}):
        front = Front(**facts).start()
        for for_ms in (20, 60, 300, 900, 1100, 3000, 4900, 30000):
            for then_ms in (100, 400, 4000):
                held(front, for_ms, then_ms if for_ms < 4950 else None)
        held(front, 6000, 5500)
        held(front, 6000, None)
        front.world.run(10000)
        assert front.board.promoted == [] and front.stops == []


def test_the_lights_confirm_while_it_is_held():
    front = Front(**TWIN).start()
    front.gpio.press(1000, 6000)
    front.world.run(1000)
    begin_ms = front.world.now_ms
    front.world.run(900)
    assert not all(front.lit())
    front.world.run(4000)
    halves = [ms for ms, pin, level in front.gpio.history if pin == 17 and ms > begin_ms + 1000]
    assert len(halves) >= 12
    assert all(245 <= later - ms <= 255 for ms, later in zip(halves, halves[1:]))  # all three, slow and even
    front.world.run(300)
    assert front.lit() == (1, 1, 1)
    front.world.run(1700)  # let go: it waits for the second press
    assert front.lit() == (1, 1, 1)
    front.world.run(4300)
    assert front.lit() == (0, 0, 0)  # too late
    front.world.run(2000)
    assert front.board.promoted == []


def test_a_button_that_vanishes_while_it_is_held_does_nothing():
    front = Front().start()
    front.gpio.press(500, 60000)
    front.world.run(6500)
    front.gpio.gone = True
    front.world.run(3000)
    front.gpio.gone = False
    front.world.run(70000)
    assert front.stops == [] and "button" not in front.board.alarms
    assert [sentence for _, word, sentence in front.board.troubles if word == "button" and sentence] == [
        "the button does not work (No such device): look at its wires, or write button = off"
    ]
    held(front)
    assert len(front.stops) == 1


def test_lights_do_not_go_on_confirming_a_button_that_is_gone():
    front = Front().start()
    front.gpio.press(500, 60000)
    front.world.run(6500)
    assert front.lit() == (1, 1, 1)
    front.gpio.deaf = True
    front.world.run(2500)
    assert front.lit() != (1, 1, 1) and front.stops == []


def test_a_lane_that_stalls_makes_no_long_press():
    front = Front().start()
    front.gpio.press(500, 300)
    front.world.run(600)
    front.lanes["button"].hangs = True
    front.world.run(6000)
    front.lanes["button"].recover()
    front.gpio.press(500, 300)
    front.world.run(3000)
    assert front.stops == []


def test_an_idle_button_is_looked_at_twice_a_second_and_a_press_is_seen_at_once():
    front = Front(with_=("button", "display")).start(5000)
    before = len(front.lanes["button"].ops)
    front.world.run(60000)
    assert len(front.lanes["button"].ops) - before < 150
    frames = len(front.spi.frames)
    front.gpio.press(600, 120)  # a fake lane knows what comes when a job begins
    front.world.run(900)
    assert len(front.spi.frames) > frames  # the next screen is there


def test_nothing_is_taken_while_it_stops():
    front = Front().start()
    front.panel.stop()
    held(front)
    assert front.stops == []


def test_lights_do_not_go_on_answering_when_the_snapshot_cannot_be_made(monkeypatch):
    front = Front().start()
    monkeypatch.setattr(front.board, "facts", lambda: 1 / 0)
    held(front)
    begun = len(front.gpio.history)
    front.world.run(20000)
    assert {pin for _, pin, _ in front.gpio.history[begun:]} == {LIGHT_PINS[2]}
    assert front.stops == []


@pytest.mark.parametrize("what", ["press", "tell", "translated"])
def test_a_bug_in_what_a_finger_does_never_reaches_the_loop(what, monkeypatch):
    front = Front(**TWIN).start()
    front.board.refusal = Refused("right is being promoted or stopped already")
    monkeypatch.setattr(front.panel.viewer, what, lambda *arguments: 1 / 0)
    held(front)
    held(front, 300, None)
    assert any("a bug" in said for said in [*front.board.alarms.values(), *front.board.events.said])
    assert front.lit() is not None and front.stops == []
