"""Strangers who want to be paired, and files that are no keys: only the promised error escapes, nothing is pinned."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.errors import ProtocolError, Refused
from firmware.link.entrance import Entrance
from firmware.pair import card, code
from firmware.ports.cpython import keyfolder, keys, pake
from tests.unit.fakes_pair import Wire, two_boards
from tools import pairfile
from tools.errors import BoardError

FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from([card.preamble(), card.MAGIC, b"S", b"\x16\x03\x01", card.message(card.DONE, b"d" * 32)]),
        st.tuples(st.sampled_from(sorted(card.LENGTHS)), st.binary(max_size=300)).map(lambda drawn: message(*drawn)),
    ),
    max_size=8,
)


def message(kind, data):
    """One of a length that this kind may have."""
    least, most = card.LENGTHS[kind]
    return card.message(kind, data[:most].ljust(least, b"x"))


def fed(conversation, data, piece):
    """Whether it took all of the bytes; ProtocolError is what may be raised."""
    while data:
        view = conversation.wanted()
        if view is None:
            return False
        count = min(len(view), len(data), piece)
        assert count and len(view) <= card.MAX_MESSAGE
        view[:count] = data[:count]
        data = data[count:]
        try:
            conversation.received(count)
        except ProtocolError:
            return False
        conversation.poll(0)
    return True


@FEW
@given(PIECES, st.integers(1, 5000), st.booleans())
def test_a_visitor_says_anything(pieces, piece, shown):
    left, right = two_boards()
    if shown:
        right.show()
    door = Entrance(lambda: None, right.pairing.visitor)
    fed(door, b"".join(pieces), piece)
    door.lost()
    assert right.keys.pinned == b"" and len(right.heard) <= 1
    if shown and not right.heard:  # whatever it was, whoever knows the code is still welcome
        left.join(right.pairing.code)
        Wire(left.call(), right.pairing.visitor()).run()
        assert right.keys.pinned == left.keys.certificate


@FEW
@given(PIECES, st.integers(1, 5000))
def test_who_is_called_says_anything(pieces, piece):
    left, _ = two_boards()
    left.join("7-amber-otter")
    call = left.call()
    fed(call, b"".join(pieces), piece)
    call.lost()
    assert left.keys.pinned == b"" and len(left.heard) == 1


@FEW
@given(st.binary(min_size=card.CARD_SIZE + 2, max_size=card.MAX_MESSAGE))
def test_any_card(data):
    try:
        found = card.Card.unpack(data)
    except ProtocolError:
        return
    assert found.pack() == data


@given(st.text(max_size=40))
def test_any_code(text):
    try:
        found = code.read(text)
    except Refused as refusal:
        assert str(refusal)
        return
    assert code.read(found) == found


@FEW
@given(st.one_of(st.binary(max_size=70), st.binary(min_size=32, max_size=32).map(lambda data: b"B" + data)))
def test_any_element(data):
    exchange = pake.Exchange("7-amber-otter", True)
    try:
        exchange.finish(data)
    except ProtocolError:
        return
    assert len(exchange.tag(b"label", b"")) == 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A whole keys folder, with everything that there may be."""
    there = tmp_path_factory.mktemp("pair")
    file = pairfile.make(str(there / "file"), "left", "right")
    file.install("left", str(there / "keys"))
    keyfolder.prepare_next(str(there / "keys"), "left")
    keyfolder.revoke(str(there / "keys"), "ab" * 32)
    return str(there / "keys")


@FEW
@given(st.data())
def test_any_damage_to_a_keys_folder(folder, data):
    name = data.draw(st.sampled_from(sorted(os.listdir(folder))))
    path = os.path.join(folder, name)
    whole = open(path, "rb").read()
    at = data.draw(st.integers(0, len(whole)))
    damaged = data.draw(st.sampled_from([whole[:at], whole[:at] + data.draw(st.binary(max_size=9)) + whole[at + 1 :]]))
    try:
        with open(path, "wb") as file:
            file.write(damaged)
        for action in ("check", "own_certificate", "peers", "revoked", "is_paired"):
            try:
                getattr(keyfolder, action)(folder)
            except Refused as refusal:
                assert len(str(refusal).splitlines()) == 1
        try:
            keys.is_password("password", damaged.decode("ascii", "replace"))
        except Refused:
            pass
    finally:
        with open(path, "wb") as file:
            file.write(whole)


WORDS = st.one_of(st.text(max_size=4), st.just("\ud800"))
JSON = st.one_of(st.none(), st.booleans(), st.integers(), WORDS, st.lists(st.integers(), max_size=3),
                 st.dictionaries(WORDS, WORDS, max_size=3))


@FEW
@given(st.data())
def test_any_damage_to_a_pairing_file(folder, data):
    path = os.path.join(os.path.dirname(folder), "file")
    content = json.loads(open(path).read())
    place = content
    for _ in range(data.draw(st.integers(0, 2))):
        name = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[name], dict) or not place[name]:
            break
        place = place[name]
    place[data.draw(st.sampled_from(sorted(place) or ["x"]))] = data.draw(JSON)
    with open(path + ".damaged", "w") as file:
        json.dump(content, file)
    try:
        found = pairfile.load(path + ".damaged")
    except BoardError as refusal:
        assert len(str(refusal).splitlines()) == 1
        return
    assert len(found.certificates()) >= 2 and found.password
