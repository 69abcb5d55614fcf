"""`sosie status` once: exit codes for scripts, languages, what happened."""

import json

import pytest

from firmware.status.snapshot import snapshot
from tests.tools.liveboard import LiveBoard
from tests.unit.fakes_status import EXAMPLES, FACTS, example
from tools import cli, status

CODES = {
    "healthy": 0, "twin": 0, "promoted": 0, "twin_behind": 1, "held": 1, "quota": 1, "copying": 1,
    "no_clock": 1, "outage": 2, "full": 2, "failed": 2, "fenced": 2, "damaged": 2, "sick": 2,
}  # fmt: skip
EVENTS = [
    {"id": 1, "ms": 1700000000000, "sentence": "left started as primary, generation 1"},
    {"id": 2, "ms": 1700000060000, "sentence": "a server has the disk (NBD)", "more": 2, "sure": False},
]


@pytest.fixture
def boards():
    """boards(word, ..) -> the addresses of boards in the situations of these names."""
    made = []

    def make(*words):
        made.extend(LiveBoard(snapshot(example(word, clock_set=EXAMPLES[word].get("clock_set", True))), EVENTS)
                    for word in words)  # fmt: skip
        return [board.address for board in made[-len(words) :]]

    make.made = made
    yield make
    for board in made:
        board.end()


@pytest.mark.parametrize("word", sorted(EXAMPLES))
def test_the_exit_code_of_every_situation(word):
    assert status.judge(snapshot(example(word))) == CODES[word]
    assert status.judge(snapshot(example(word), "fr")) == CODES[word]


def test_no_situation_is_called_well_that_its_board_does_not_call_good():
    for word in EXAMPLES:
        shown = snapshot(example(word))
        if status.judge(shown) == status.WELL:
            assert shown["words"]["mood"] == "good" or shown["state"] == "promoted"
        assert (shown["words"]["mood"] == "bad") == (status.judge(shown) == status.NOT_SAFE)


@pytest.mark.parametrize("changes, code", [
    ({"alarms": ["it burns"]}, 1), ({"promoted": True, "link_state": "waiting", "alarms": ["it burns"]}, 1),
    ({"promoted": True, "link_state": "waiting", "health": dict(FACTS["health"], temperature_c=76)}, 1),
    ({"health": dict(FACTS["health"], temperature_c=76)}, 1),
])  # fmt: skip
def test_what_spoils_a_good_state(changes, code):
    assert status.judge(snapshot(example("healthy", **changes))) == code


def test_the_worst_of_several(boards, capsys):
    well, late, dead = boards("healthy", "held", "failed")
    assert cli.main(["status", well, well]) == 0
    assert cli.main(["status", well, late]) == 1
    assert cli.main(["status", dead, late, well]) == 2
    assert capsys.readouterr().out.count("Board              left: ") == 7
    assert cli.main(["status", dead, "127.0.0.1:1"]) == 3


def test_another_language(boards, capsys):
    address, = boards("outage")
    cli.main(["status", "--lang", "fr", address])
    assert boards.made[0].asked == ["/api/status?lang=fr"]
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        cli.main(["status", "--lang", "xx", address])
    assert caught.value.code == cli.USAGE


def test_what_happened(boards, capsys):
    address, = boards("healthy")
    assert cli.main(["status", "--events", address]) == 0
    out = capsys.readouterr().out
    assert "\nWhat happened\n  2023-11-1" in out and "  left started as primary, generation 1\n" in out
    assert "a server has the disk (NBD) (and 2 more times) (The clock of" in " ".join(out.split())
    assert cli.main(["status", "--events", "--json", address]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == EVENTS


def test_nothing_happened_yet(boards, capsys):
    address, = boards("healthy")
    boards.made[0]._events.clear()
    cli.main(["status", "--events", address])
    assert "What happened\n  Nothing yet.\n" in capsys.readouterr().out


def test_a_board_that_would_write_on_our_terminal(boards, capsys):
    address, = boards("healthy")
    told = snapshot(example("healthy"))
    told["alarms"] = ["\x1b[2J\x1b]0;owned\x07 fire"]
    boards.made[0].says(told)
    assert cli.main(["status", address]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\x07" not in out and "fire" in out


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("word", sorted(EXAMPLES))
def test_whatever_is_wrong_is_said_once(word, language):
    told = snapshot(example(word), language)
    text = " ".join(status.describe(told).split())
    body = text.replace(" ".join(told["words"]["sentence"].split()), "", 1)
    for sentence in [each["sentence"] for each in told["conditions"]] + told["alarms"]:
        assert body.count(" ".join(sentence.split())) == 1, sentence


@pytest.mark.parametrize("part, value", [("words", []), ("conditions", [{}]), ("conditions", 3), ("alarms", None)])
def test_nonsense_in_the_place_of_words(boards, capsys, part, value):
    address, = boards("healthy")
    boards.made[0].says({**snapshot(example("healthy")), part: value})
    assert cli.main(["status", address]) == 3
    assert "not a board of this version" in capsys.readouterr().err
