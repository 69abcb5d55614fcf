"""A rate by the clock: any text is a schedule or one clause, and a schedule says for each minute what its text says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.errors import Refused
from firmware.quantity import parse_rate
from firmware.schedule import WEEK, parse

DAYS = "mon tue wed thu fri sat sun".split()
WORDS = st.sampled_from(
    ["2M", "0", "64K", "1", "mon", "fri-mon", "sat-sun", "xyz", "08:00-19:00", "22:00-06:00", "-", ":", ","]
)
hours = st.integers(0, 1439)
entries = st.lists(
    st.tuples(
        st.sampled_from(("0", "64K", "2M", "9600")),
        st.none() | st.tuples(st.integers(0, 6), st.integers(0, 6)),
        st.none() | st.tuples(hours, hours).filter(lambda pair: pair[0] != pair[1]),
    ),
    max_size=5,
)


@settings(max_examples=500)
@given(st.text(max_size=60) | st.lists(WORDS, max_size=12).map(" ".join))
def test_any_text(text):
    try:
        schedule = parse(text)
    except Refused as clause:
        assert 0 < len(str(clause)) < 250
        return
    minutes = [minute for minute, _ in schedule.steps]
    assert minutes == sorted(set(minutes)) and minutes[0] == 0 and minutes[-1] < WEEK and schedule.text == text


def written(entry) -> str:
    rate, days, at = entry
    words = [rate]
    if days is not None:
        words.append("-".join((DAYS[days[0]], DAYS[days[1]])))
    if at is not None:
        words.append("-".join("%02d:%02d" % divmod(minute, 60) for minute in at))
    return " ".join(words)


def fits(entry, day: int, minute: int) -> bool:
    """Whether the entry names this minute, asked the way a person would."""
    _, days, at = entry

    def is_day(number: int) -> bool:
        if days is None:
            return True
        first, last = days
        return first <= number <= last if first <= last else number >= first or number <= last

    if at is None:
        return is_day(day)
    begin, end = at
    if begin < end:
        return is_day(day) and begin <= minute < end
    return (is_day(day) and minute >= begin) or (is_day((day - 1) % 7) and minute < end)


@settings(max_examples=60, deadline=None)
@given(entries, st.lists(st.tuples(st.integers(0, 6), hours), min_size=20, max_size=20))
def test_each_minute_has_what_its_text_says(some, moments):
    some = some + [("1M", None, None)]
    try:
        schedule = parse(", ".join(written(entry) for entry in some))
    except Refused as clause:
        assert "never counts" in str(clause)
        return
    edges = [minute + before for _, _, at in some if at for minute in at for before in (-1, 0)]
    for day, minute in moments + [(day, minute % 1440) for minute in edges for day in range(7)]:
        wanted = next(entry[0] for entry in some if fits(entry, day, minute))
        assert schedule.rate_at(day * 1440 + minute) == parse_rate(wanted)
