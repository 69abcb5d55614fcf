"""board.conf from anybody: only Refused escapes, always as one sentence; what passes keeps every promise."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware import address, config
from firmware.conf.keys import KEYS
from firmware.errors import Refused

EXAMPLE = {key: example for key, (_, example) in KEYS.items() if key != "keys"}

VALUES = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "1G", "1.5G", "8M", "512", "9" * 30, "usb", "none", "hold", "catch_up", "twin", "1s", "1ms"]
        + ["nbd:", "nbd:unix:/a", "unix:/a", "unix:a", "/a", "/", "127.0.0.1:1", "localhost:7411", "[::1]:1", "[:1"]
        + ["0.0.0.0:1", ":1", "::1", "a:0", "2M 08:00-19:00, 0", "durable", "# x", "\u0661K", "\ud800", "\x00", "\x85"]
    ),
    st.text(max_size=20),
    st.from_regex(r"[0-9]{1,22}[KMGTms]{0,2}", fullmatch=True),
    st.from_regex(r"(nbd:|unix:|\[)?[0-9a-f:.\]/]{0,20}:[0-9]{1,6}", fullmatch=True),
)
LINES = st.dictionaries(st.sampled_from(sorted(KEYS)), VALUES, max_size=5)


def parsed(data):
    """The settings, or None after a refusal whose form was checked."""
    try:
        return config.parse(data)
    except Refused as error:
        sentence = str(error)
        assert sentence and len(sentence) < 400, sentence
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in sentence), sentence
        return None


def check(found):
    """What the board relies on, said independently of how it was checked."""
    assert found.role in ("primary", "twin") and found.ack in ("local", "received", "durable")
    assert 0 < len(found.name.encode()) <= 63 and found.disk != found.journal
    assert found.disk_size is None or (found.disk_size % 512 == 0 and 64 << 10 <= found.disk_size <= 1 << 50)
    assert found.journal_size is None or (found.journal_size % 512 == 0 and 8 << 20 <= found.journal_size <= 1 << 50)
    assert (found.history_size, found.when_full) == (0, "hold")
    assert found.keys is None or (found.keys.startswith("/") and not found.keys.endswith("/"))
    assert all(rate == 0 or 1000 <= rate <= 10**12 for _, rate in found.rate.steps)
    assert 1 <= found.max_age <= 60000
    assert found.listen or found.peer
    assert found.attach is None or found.attach[0] in ("nbd", "usb")
    host = found.attach[1] if found.attach and found.attach[0] == "nbd" else None
    waits = [place for place in (host, found.listen, found.web) if place]
    assert len(set(waits)) == len(waits)
    for place in [*waits, found.peer]:
        check_address(place)


def check_address(place):
    if place is None:
        return
    if place[0] == "tcp":
        assert place[1] in ("localhost", "::1") or place[1].startswith("127.") or set(place[1]) <= set("0:1"), place
        assert 0 < place[2] < 65536
    else:
        assert place[0] == "unix" and place[1].startswith("/")
    assert address.parse(address.text(place)) == place


@settings(max_examples=600)
@given(st.binary(max_size=300))
def test_any_bytes(data):
    assert parsed(data) is None


@settings(max_examples=2000)
@given(LINES, st.randoms(use_true_random=False))
def test_lines_that_are_almost_right(changes, random):
    lines = list({**EXAMPLE, "listen": "127.0.0.1:7412", **changes}.items())
    random.shuffle(lines)
    data = "\n".join("%s = %s" % line for line in lines).encode(errors="surrogatepass")
    found = parsed(data)
    if found is not None:
        check(found)
    elif not changes:
        raise AssertionError("the example was refused")


@settings(max_examples=1500)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255), st.sampled_from("sid")), min_size=1, max_size=4))
def test_bytes_changed_in_a_good_file(faults):
    data = bytearray("\n".join("%s = %s" % line for line in EXAMPLE.items()).encode())
    for place, byte, kind in faults:
        place %= len(data)
        if kind == "s":
            data[place] = byte
        elif kind == "i":
            data.insert(place, byte)
        else:
            del data[place]
    found = parsed(bytes(data))
    if found is not None:
        check(found)


@settings(max_examples=1500)
@given(st.text(alphabet="0123456789abcdef:.[]localhstunix/%- ", max_size=40))
def test_addresses(text):
    try:
        place = address.parse(text)
    except Refused:
        return
    assert address.parse(address.text(place)) == place
    assert address.clash(place, place)
