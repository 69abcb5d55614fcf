"""The chronicle's file, damaged in any way: a board starts with it, loses what was damaged, and goes on."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import archives

COUNTS = st.integers(0, (1 << 32) - 1)
ANY = st.tuples(st.integers(0, 5), COUNTS, COUNTS, COUNTS)


@settings(max_examples=300)
@given(st.binary(min_size=128, max_size=512), st.integers(0, 7))
def test_a_page_of_any_bytes(raw, place):
    page = bytearray(4096)
    page[place * 500 : place * 500 + len(raw)] = raw
    archives.check_page(page)
    head = archives.written()[141 * 4096 : 142 * 4096]
    head[24 + place * 64 : 24 + place * 64 + len(raw)] = raw
    archives.check_page(head)


@settings(max_examples=60)
@given(st.lists(ANY, min_size=1, max_size=8))
def test_a_damaged_file(damages):
    content = archives.written()
    archives.damage(content, damages)
    archives.check_file(content, all(what < archives.HONEST for what, _, _, _ in damages))


@settings(max_examples=30)
@given(st.binary(min_size=1, max_size=300), st.integers(0, (1 << 20) - 300), st.sampled_from([1 << 20, 5000, 1 << 21]))
def test_anything_but_a_chronicle(noise, place, size):
    content = bytearray(size)
    content[place % size : place % size + len(noise)] = noise[: size - place % size]
    archives.check_file(content)


def test_the_checks_themselves():
    """A reader that takes what is damaged for whole is found."""
    from firmware.status.chronicle import layout

    whole = layout._is_whole
    layout._is_whole = lambda page, at=0: True
    try:
        with pytest.raises(AssertionError):
            for page in range(2, 12):
                content = archives.written()
                archives.damage(content, [(0, page, 64 + 16, number) for number in range(8)])
                archives.check_file(content, honest=True)
            raise RuntimeError("nothing was noticed")
    finally:
        layout._is_whole = whole
