"""Receivers of alerts from anybody, and the file of what was told after anything: one sentence, or what is sound."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.alerts import memory, places
from firmware.errors import Damaged, Refused
from tests.unit.fakes_alerts import MINUTE, Rig

WORDS = ["user", "password", "token", "via", "from", "every", ",", "5m", "me@x.example", "https://", "http://a.example/x"]
WORDS += ["mail.x.example:587", "127.0.0.1:9", "[::1]:5", "tcp:", "tls:a.example", "unix:/a", "@", "#", "?", "\r\n"]
VALUES = st.one_of(
    st.text(max_size=60),
    st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), max_size=10).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=8).map("".join),
)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(sorted(places.PARSERS)), VALUES)
def test_a_value_is_receivers_or_one_sentence(key, text):
    shown = places.shown(key, text)
    try:
        found = places.PARSERS[key][0](text)
    except Refused as sentence:
        assert 0 < len(str(sentence)) < 300 and str(sentence).isprintable()
        assert shown in ("...", "")
        return
    assert 0 < len(found) <= places.MOST_PLACES
    for place in found:
        assert place.name == key and 0 < place.port < 65536 and place.host
        assert all(32 < ord(character) < 127 for character in place.host + place.target)
        for part in (place.sender, *place.receivers):  # they become lines of SMTP and of a mail's head
            assert not any(ord(character) < 33 or ord(character) > 126 for character in part)
        for secret in (place.password, place.token, place.target[1:]):
            assert not secret or len(secret) < 12 or secret not in place.to + shown


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 1 << 60), st.sampled_from(["alerts 1", "critical", "x"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["sosie", "standing", "channels", "told", "passed", "name", "level"]), inner),
    ),
    max_leaves=12,
)


def _sound() -> bytes:
    rig = Rig({"alert_webhook": "http://127.0.0.1:9/x", "alert_syslog": "127.0.0.1"})
    rig.post.away["syslog"] = Refused("away")
    for name in ("storage", "no_link"):
        rig.put(name)
    rig.wait(2 * MINUTE)
    rig.clear("storage")
    rig.wait(5 * MINUTE)
    return rig.kept


SOUND = _sound()


@settings(max_examples=400, deadline=None)
@given(st.one_of(
    st.binary(max_size=200),
    JSON.map(lambda whole: json.dumps(whole).encode() + b"\n"),
    st.tuples(st.integers(0, len(SOUND)), st.binary(max_size=9)).map(lambda x: SOUND[: x[0]] + x[1] + SOUND[x[0] :]),
    st.integers(0, len(SOUND)).map(lambda cut: SOUND[:cut]),
))  # fmt: skip
def test_a_file_is_sound_or_damaged(data):
    try:
        memory.unpack(data)
    except Damaged:
        pass
    rig = Rig({"alert_webhook": "http://127.0.0.1:9/x"}, data)
    rig.put("fenced")
    rig.wait(2 * MINUTE)
    assert ("webhook", "fired", "fenced") in rig.post.taken
