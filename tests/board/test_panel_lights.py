"""What the lights show: which pattern, and each to the millisecond, on fake pins that remember."""

import pytest

from board.panel.card import _letters, markdown, svg, text
from board.panel.lights import ANSWERS, DOING, HOLDING, NOTHING, Lights
from board.panel.patterns import (
    BEHIND,
    FAILED,
    NEEDS_YOU,
    NO_LINK,
    NOT_RUNNING,
    PATTERNS,
    PROMOTED,
    SAFE,
    pattern_of,
)  # fmt: skip
from firmware.status.snapshot import snapshot
from firmware.status.texts import LANGUAGES
from tests.board.panels import LIGHT_PINS, Front
from tests.unit.fakes_status import EXAMPLES, example

SHOWN = {
    "healthy": SAFE, "twin": SAFE, "twin_behind": BEHIND, "outage": NEEDS_YOU, "full": NEEDS_YOU, "held": BEHIND,
    "quota": BEHIND, "copying": BEHIND, "no_clock": BEHIND, "failed": FAILED, "fenced": FAILED, "promoted": PROMOTED,
    "damaged": FAILED, "sick": NEEDS_YOU,
}  # fmt: skip
MAKES = {
    SAFE: {}, BEHIND: {"activity": "copying", "whole": False}, NO_LINK: {"link_state": "connecting"},
    NEEDS_YOU: {"clock_set": False}, FAILED: {"fenced": True}, PROMOTED: {"promoted": True, "link_state": "waiting"},
}  # fmt: skip


@pytest.mark.parametrize("word", EXAMPLES)
def test_which_pattern_a_board_has(word):
    status = snapshot(example(word))
    assert pattern_of(status) is SHOWN[word]
    assert (pattern_of(status) is SAFE) == (status["words"]["mood"] == "good")
    assert pattern_of(status, running=False) is NOT_RUNNING


@pytest.mark.parametrize("word", EXAMPLES)
def test_nothing_critical_looks_as_if_it_could_wait(word):
    changed = example(word, health=dict(example("sick").facts()["health"]))
    assert pattern_of(snapshot(changed)) in (NEEDS_YOU, FAILED)


def waves(pattern) -> set:
    """The rhythm over 8 s from any moment on, as it looks on one light: whoever looks comes at any time."""
    whole = [pattern.at(ms)[0] for ms in range(0, 16000, 50)]
    return {tuple(whole[begin : begin + 160]) for begin in range(160)}


def flashes(pattern) -> tuple:
    """(how often it begins to be lit in 4 s, milliseconds that it is lit): what an eye tells apart without a colour."""
    lit = [pattern.at(ms)[0] for ms in range(0, 4000, 10)]
    return sum(now and not before for before, now in zip(lit[-1:] + lit, lit)), sum(lit) * 10


def test_one_light_of_any_colour_is_enough():
    for number, one in enumerate(PATTERNS):
        for other in PATTERNS[:number]:
            assert not waves(one) & waves(other)
            (count, lit), (its_count, its_lit) = flashes(one), flashes(other)
            assert count != its_count or abs(lit - its_lit) > 500 or {one, other} == {PROMOTED, NO_LINK}
    # These two flash as often: the one is a long and a short one, the other two short ones.
    assert max(PROMOTED.rhythm[::2]) >= 5 * max(NO_LINK.rhythm[::2])


def test_a_frozen_light_shows_no_pattern():
    for pattern in PATTERNS:
        assert len({pattern.at(ms)[0] for ms in range(0, 4000, 50)}) == 2
        assert min(pattern.rhythm) >= 100  # an eye sees each


@pytest.mark.parametrize("pattern", MAKES, ids=lambda pattern: pattern.word)
def test_a_pattern_is_played_to_the_millisecond(pattern):
    front = Front(with_=("lights",), **MAKES[pattern]).start(20000)
    played, ms = [], 1000  # when the panel started
    for place, span_ms in enumerate(pattern.rhythm * 120):
        if ms > front.world.now_ms:
            break
        played += [(ms, pin, 1 - place % 2) for pin, light in zip(LIGHT_PINS, ("green", "yellow", "red"))
                   if light in pattern.lights]  # fmt: skip
        ms += span_ms
    count = len(pattern.lights)
    assert [each[1:] for each in front.gpio.history[:count]] == [each[1:] for each in played[:count]]
    assert front.gpio.history[count:] == played[count:]  # the first time the pins were being taken yet
    assert len(played) >= 10


def test_what_stands_in_for_a_board_says_that_none_runs():
    front = Front(with_=("lights",), running=False).start(8500)
    red = [(ms, level) for ms, pin, level in front.gpio.history if pin == LIGHT_PINS[2]]
    assert len(red) == len(front.gpio.history) and red[3][0] - red[2][0] == 100 and red[4][0] - red[2][0] == 4000


@pytest.mark.parametrize("at_ms", [1050, 1950, 2950, 3050])
@pytest.mark.parametrize("running", [True, False])
def test_they_do_not_go_on_when_the_snapshot_cannot_be_made(at_ms, running, monkeypatch):
    front = Front(with_=("lights",), running=running).start(3000 + at_ms)
    monkeypatch.setattr(front.board, "facts", lambda: 1 / 0)
    front.world.run(1500)
    begun = len(front.gpio.history)
    front.world.run(240000)
    played = front.gpio.history[begun:]
    assert {pin for _, pin, _ in played} == {LIGHT_PINS[2]} and front.lit()[:2] == (0, 0)
    pattern = NEEDS_YOU if running else NOT_RUNNING
    spans = {later[0] - one[0] for one, later in zip(played, played[1:])}
    assert spans == set(pattern.rhythm)


def test_a_change_is_shown_within_a_second_and_only_one_pattern_at_a_time():
    front = Front(with_=("lights",)).start(5000)
    front.board.set(link_state="connecting")
    changed_ms = front.world.now_ms
    front.world.run(6000)
    yellow = [ms for ms, pin, level in front.gpio.history if pin == LIGHT_PINS[1]]
    assert changed_ms <= yellow[0] <= changed_ms + 1000
    assert not [1 for ms, pin, level in front.gpio.history if pin == LIGHT_PINS[0] and level and ms > yellow[0]]


def test_a_slow_light_shows_the_newest_and_never_two_jobs_wait():
    front = Front(with_=("lights",), fenced=True).start(1000)
    front.lanes["lights"].takes_ms = 350
    front.world.run(10000)
    shows = [ms for ms, op in front.lanes["lights"].ops if op == "show" and ms > 2000]
    assert min(later - ms for ms, later in zip(shows, shows[1:])) >= 350


def test_a_change_that_came_while_a_light_was_being_changed_is_made_up_for():
    front = Front(with_=("lights",), link_state="connecting").start(8000)
    front.lanes["lights"].takes_ms = 200
    begun = len(front.gpio.history)
    front.world.run(8000)
    spans = [later[0] - one[0] for one, later in zip(front.gpio.history[begun:], front.gpio.history[begun + 1 :])]
    assert all(200 <= span <= 255 or 1390 <= span <= 1400 for span in spans)  # flashes of 150 ms, as fast as it can
    assert len(spans) >= 12


def test_lights_that_vanish_are_one_alarm_and_come_back():
    front = Front().start(3000)
    front.gpio.gone = True
    front.world.run(60000)
    said = [each for each in front.board.troubles if each[1] == "lights"]
    assert [each[2] for each in said] == [
        "the lights do not work (No such device): look at their wires, or write lights = off"
    ]
    conditions = [each["name"] for each in snapshot(front.board)["conditions"]]
    assert conditions == ["surface"]
    front.gpio.gone = False
    front.world.run(12000)
    assert "lights" not in front.board.alarms and len(front.gpio.history) > 3
    tries = [ms for ms, op in front.lanes["lights"].ops if op == "open"]
    assert min(later - ms for ms, later in zip(tries, tries[1:])) >= 1000 and len(tries) < 12


def test_lights_that_hang_are_an_alarm_and_hold_up_nobody():
    front = Front().start(3000)
    front.lanes["lights"].hangs = True
    front.world.run(30000)
    assert front.board.alarms["lights"].startswith("the lights do not work (it does not answer)")
    assert len(front.spi.frames) >= 2  # the display says so
    front.lanes["lights"].recover()
    front.world.run(3000)
    assert "lights" not in front.board.alarms


def test_they_are_dark_when_the_board_has_stopped():
    front = Front().start(3000)
    front.panel.stop()
    front.panel.close()
    assert front.lit() == (0, 0, 0) and not front.gpio.levels.keys() & set(LIGHT_PINS)
    assert front.lanes["lights"].closed is not None
    count = len(front.lanes["lights"].ops)
    front.world.run(20000)
    assert len(front.lanes["lights"].ops) == count


def test_an_answer_to_the_button_ends_by_itself():
    lights = Lights()
    lights.show(SAFE, 0)
    lights.answer(DOING, 1000, 500)
    assert lights.levels(1010) == (True, True, True) and lights.levels(1060) == (False, False, False)
    assert lights.due_ms(1480) == 1500
    assert lights.levels(1500) == (True, False, False)
    lights.answer(NOTHING, 2100, 100)
    assert lights.levels(2150) == (False, False, False)
    lights.answer(HOLDING, 2150)
    assert lights.levels(99900)[0] == lights.levels(99900)[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_has_every_pattern(language):
    for made in (text(language), markdown(language)):
        assert all(_letters(each) in made for each in PATTERNS + ANSWERS)
    drawn = svg(language)
    assert drawn.count("<circle") == 3 * len(PATTERNS + ANSWERS) and "http://www.w3.org/2000/svg" in drawn
    assert len(set(map(_letters, PATTERNS))) == len(PATTERNS)
