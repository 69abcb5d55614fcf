"""The button: every moment of a press, bounces, and what is no finger's intention."""

import random

import pytest

from board.panel.button import (
    ARM_MS,
    ARMED,
    CANCELLED,
    CONFIRM_MS,
    CONFIRMED,
    HOLD_MS,
    HOLDING,
    SHORT,
    STEADY_MS,
    STUCK_MS,
    Button,
)  # fmt: skip

STEP_MS = 20


def gestures(edges: list, end_ms: int, step_ms: int = STEP_MS, skip=()) -> list:
    """[(ms, gesture)] of a line that changes at each of `edges`, beginning released; no samples within `skip`."""
    button, found = Button(), []
    for now_ms in range(0, end_ms, step_ms):
        if any(begin <= now_ms < end for begin, end in skip):
            continue
        pressed = sum(edge <= now_ms for edge in edges) % 2 == 1
        gesture = button.sample(now_ms, pressed)
        if gesture is not None:
            found.append((now_ms, gesture))
    return found


def words(edges: list, end_ms: int = 25000, **options) -> list:
    return [gesture for _, gesture in gestures(edges, end_ms, **options)]


def expected(held_ms: int) -> list:
    """Of one press."""
    if held_ms < STEADY_MS:
        return []
    if held_ms < HOLD_MS:
        return [SHORT]
    if held_ms < ARM_MS:
        return [HOLDING, CANCELLED]
    return [HOLDING, ARMED, CANCELLED]


@pytest.mark.parametrize("first_ms", range(20, 20000, 1000))
def test_one_press_of_every_length(first_ms):
    for held_ms in range(first_ms, first_ms + 1000, 20):
        one_press(held_ms)


def one_press(held_ms: int) -> None:
    near = any(abs(held_ms - limit) <= STEP_MS + STEADY_MS for limit in (STEADY_MS, HOLD_MS, ARM_MS))
    told = words([1000, 1000 + held_ms])
    if near:
        assert told in (expected(held_ms - 80), expected(held_ms + 80))
    else:
        assert told == expected(held_ms)
    assert CONFIRMED not in told


def test_a_second_press_at_every_moment():
    for wait_ms in range(20, 7000, 60):
        second_press(wait_ms)


def second_press(wait_ms: int) -> None:
    up_ms = 1000 + 6000
    told = words([1000, up_ms, up_ms + wait_ms, up_ms + wait_ms + 300])
    if wait_ms < STEADY_MS:
        assert CONFIRMED not in told  # a release that bounced
    elif 300 <= wait_ms <= CONFIRM_MS - 100:
        assert told == [HOLDING, ARMED, CONFIRMED]
    elif wait_ms >= CONFIRM_MS + 100:
        assert told == [HOLDING, ARMED, CANCELLED, SHORT]
    elif wait_ms < 180:
        assert told == [HOLDING, ARMED, CANCELLED]


def test_a_second_press_of_every_length():
    for held_ms in range(60, 4000, 60):
        told = words([1000, 7000, 8000, 8000 + held_ms], 15000)
        if held_ms < HOLD_MS - 60:
            assert told == [HOLDING, ARMED, CONFIRMED]
        elif held_ms > HOLD_MS + 60:
            assert told == [HOLDING, ARMED, CANCELLED]


def test_a_busy_board_that_looks_seldom_takes_no_long_press_for_a_confirmation():
    assert words([1000, 7000, 8000, 9200], step_ms=300) == [HOLDING, ARMED, CANCELLED]


def test_it_is_armed_after_five_seconds_to_a_sample():
    told = {word: ms for ms, word in gestures([1000, 9000], 9000)}
    assert 1000 + HOLD_MS <= told[HOLDING] <= 1000 + HOLD_MS + STEP_MS
    assert 1000 + ARM_MS <= told[ARMED] <= 1000 + ARM_MS + STEP_MS


@pytest.mark.parametrize("seed", range(50))
def test_bounces_change_nothing(seed):
    dice = random.Random(seed)
    held_ms = dice.choice([300, 700, 2500, 6000])
    edges = [1000, 1000 + held_ms]
    if held_ms == 6000:
        edges += [8500, 8900]
    bouncing = []
    for edge in edges:
        times = sorted(dice.sample(range(edge, edge + 30), 2 * dice.randrange(6)))
        bouncing += times + [edge + 30]
    assert words(bouncing, step_ms=5) == words(edges, step_ms=5)
    assert words(bouncing) == words(edges)


@pytest.mark.parametrize("seed", range(5))
def test_noise_that_nobody_made_is_nothing(seed):
    dice = random.Random(seed)
    edges = []
    for begin in range(1000, 30000, 400):
        edges += [begin, begin + dice.randrange(1, STEADY_MS)]
    assert words(edges, step_ms=1) == []


def test_a_button_that_is_down_at_the_start_is_nobody():
    assert words([0, 6000, 7000, 7300]) == [SHORT]  # the first was never seen up
    assert words([0]) == []


def test_one_that_sticks_gives_up_once():
    assert words([1000], 90000) == [HOLDING, ARMED, CANCELLED]
    assert [ms for ms, word in gestures([1000], 90000) if word == CANCELLED][0] <= 1000 + STUCK_MS + STEP_MS
    assert words([1000, 60000, 61000, 61200], 90000) == [HOLDING, ARMED, CANCELLED, SHORT]


@pytest.mark.parametrize("begin_ms", range(900, 9500, 300))
def test_missing_samples_never_make_a_long_press_or_a_confirmation(begin_ms):
    """Two short presses with a stall of the loop between them must not look like a long one."""
    told = words([1000, 1200, 7000, 7200], skip=[(begin_ms, begin_ms + 5900)])
    assert not {HOLDING, ARMED, CONFIRMED} & set(told)
    told = words([1000, 7000, 8000, 8200], skip=[(begin_ms, begin_ms + 600)])
    if 1100 <= begin_ms < 8200:  # from when it was seen down, until it was seen up
        assert CONFIRMED not in told
    elif begin_ms >= 8300:
        assert told == [HOLDING, ARMED, CONFIRMED]


def test_a_line_that_is_lost_while_it_is_held():
    button = Button()
    button.sample(0, False)
    button.sample(100, False)
    assert button.lost() is None
    for now_ms in range(0, 2000, 20):
        button.sample(now_ms, now_ms >= 200)
    assert button.lost() == CANCELLED
    assert [button.sample(now_ms, True) for now_ms in range(2000, 9000, 20) if button.sample(now_ms, True)] == []
