"""What the other board says of itself may be anything: it is shown in its shape, or dropped."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.errors import ProtocolError
from firmware.status.neighbour import MAX_BYTES, TABLE, Neighbour, pack, unpack

GOOD = {"name": "left", "role": "primary", "state": "behind"}
VALUES = st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats() | st.text(max_size=40)
VALUES |= st.lists(st.integers(), max_size=2) | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
NAMES = st.sampled_from([name for name, _, _ in TABLE]) | st.text(max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def shown(data: bytes):
    try:
        return unpack(data)
    except ProtocolError:
        return None


def check(status):
    """Only what a page can show, in a bounded size."""
    assert status["role"] in ("primary", "twin") and status["name"] and status["state"]
    for value in leaves(status):
        assert value is None or isinstance(value, (bool, int, str)), value
        if isinstance(value, str):
            assert len(value) <= 200 and all(c >= " " and not "\x7f" <= c < "\xa0" for c in value), value
    json.dumps(status)


def leaves(value) -> list:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    return [leaf for each in value for leaf in leaves(each)] if isinstance(value, list) else [value]


@settings(max_examples=400)
@given(st.binary(max_size=200))
def test_noise(data):
    assert shown(data) is None


@settings(max_examples=400)
@given(st.dictionaries(NAMES, VALUES, max_size=5), st.booleans())
def test_well_formed_and_of_any_kind(said, compact):
    text = json.dumps({**GOOD, **said}, ensure_ascii=compact)
    status = shown(text.encode(errors="surrogatepass"))
    if status is not None:
        check(status)


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(["name", "state", "version"]), texts),
    st.lists(texts, max_size=20),
    st.floats(0, 1e18),
)
def test_whatever_a_board_has_to_say_arrives(words, alarms, seconds):
    status = {**GOOD, **words, "alarms": alarms, "backlog": {"seconds": seconds}}
    data = pack(status)
    assert len(data) <= MAX_BYTES
    found = shown(data)
    assert (found is None) == (not status["name"] or not status["state"])
    if found is not None:
        check(found)
        assert found["backlog"]["seconds"] == int(seconds)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=60) | st.just(pack(GOOD))), max_size=8))
def test_only_a_good_one_changes_what_is_shown(story):
    now = [0]
    neighbour, before = Neighbour(lambda: now[0], lambda: 0), None
    for pause, data in story:
        now[0] += pause
        neighbour.hear(data)
        after = neighbour.shown()
        assert after is None or after["name"] == "left"
        assert before is None or after is not None
        before = after
