"""The keys folder as a running board sees it: what is refused, and what changes while it runs."""

import os

import pytest

from firmware.errors import Refused
from firmware.ports import open_keys
from firmware.ports.cpython import ciphers, keyfolder, keys
from firmware.ports.cpython.tls import Credentials
from tests.ports.conversations import in_time
from tests.ports.keyring import End, converse, der, folder, identity, pair, write

LEFT, RIGHT, NEXT = identity("left"), identity("right"), identity("left next")


def encrypted(path):
    from cryptography.hazmat.primitives import serialization as form

    key, lock = form.load_pem_private_key(LEFT[0], None), form.BestAvailableEncryption(b"x")
    write(path / "own.key", key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, lock))


DAMAGE = {
    "no key": (lambda path: (path / "own.key").unlink(), "own.key"),
    "no certificate": (lambda path: (path / "own.crt").unlink(), "own.crt"),
    "an empty key": (lambda path: write(path / "own.key", b""), "own.key"),
    "half a key": (lambda path: write(path / "own.key", LEFT[0][:90]), "own.key"),
    "somebody else's key": (lambda path: write(path / "own.key", RIGHT[0]), "own.key"),
    "a key with a password": (encrypted, "own.key"),
    "a key for everybody": (lambda path: (path / "own.key").chmod(0o644), "chmod 600"),
    "half a certificate": (lambda path: write(path / "own.crt", LEFT[1][:200]), "own.crt"),
    "an empty line for a certificate": (lambda path: write(path / "own.crt", b"\n"), "own.crt"),
    "garbage for the other board": (lambda path: write(path / "peer.crt", b"hello"), "peer.crt"),
    "half of the other board": (lambda path: write(path / "peer.crt", RIGHT[1][:300]), "peer.crt"),
    "a wrong certificate for it": (lambda path: write(path / "peer.crt", damaged(RIGHT[1])), "peer.crt"),
    "much too much": (lambda path: write(path / "peer.crt", bytes(100000)), "peer.crt"),
    "a fingerprint that is none": (lambda path: write(path / "revoked", b"# fine\n12:34\n"), "revoked, line 2"),
}


def damaged(pem: bytes) -> bytes:
    return pem[:100] + (b"A" if pem[100:101] != b"A" else b"B") + pem[101:]


@pytest.mark.parametrize("how", DAMAGE)
def test_a_folder_that_is_refused(tmp_path, how):
    spoil, word = DAMAGE[how]
    spoil(folder(tmp_path, LEFT, RIGHT))
    board = open_keys(str(tmp_path))
    for what in (board.refresh, lambda: board.link_session(True), lambda: board.link_session(False)):
        with pytest.raises(Refused) as error:
            what()
        assert word in str(error.value) and "\n" not in str(error.value)
        assert "PRIVATE" not in str(error.value)
    assert not board.paired and board.certificate is None


@pytest.mark.parametrize("how", DAMAGE)
def test_the_page_needs_the_boards_own_keys_and_no_others(tmp_path, how):
    spoil, word = DAMAGE[how]
    spoil(folder(tmp_path, LEFT, RIGHT))
    board = open_keys(str(tmp_path))
    if word in ("peer.crt", "revoked, line 2"):
        assert board.page_session()
    else:
        with pytest.raises(Refused, match=word):
            board.page_session()


@pytest.mark.parametrize("how", DAMAGE)
def test_what_is_mended_counts_without_a_restart(tmp_path, how):
    mine, _ = tmp_path / "mine", DAMAGE[how][0](folder(tmp_path / "mine", LEFT, RIGHT))
    board, other = open_keys(str(mine)), Credentials(str(folder(tmp_path / "other", RIGHT, LEFT)))
    folder(mine, LEFT, RIGHT)
    assert board.refresh() and board.paired and board.page_session()
    one, two = End(board.link_session(False), b"a"), End(other.link_session(True))
    converse(one, two)
    assert two.heard == b"a"


def refusal(call) -> str:
    """Its sentence."""
    with pytest.raises(Refused) as error:
        call()
    return str(error.value)


@pytest.mark.parametrize("name", ["own.key", "own.crt", "peer.crt", "revoked"])
@pytest.mark.parametrize("lay", [lambda path: os.mkfifo(path, 0o600), os.mkdir])
def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path, name, lay):
    board = open_keys(str(folder(tmp_path, LEFT, RIGHT)))
    keyfolder.prepare_next(str(tmp_path), "left")  # so that own.key is tried with either certificate
    (tmp_path / name).unlink()
    lay(tmp_path / name)
    assert in_time(lambda: refusal(board.refresh)) == "%s/%s is no file; remove it" % (tmp_path, name)
    assert board.paired
    fresh = in_time(lambda: open_keys(str(tmp_path)))
    assert not fresh.paired
    (tmp_path / name).rename(tmp_path / "aside")
    folder(tmp_path, LEFT, RIGHT)
    assert board.refresh() and fresh.refresh() and fresh.paired


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(Refused, match="there is no folder"):
        open_keys(str(tmp_path / "keys"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_vanishes_is_not_made_anew_and_what_was_read_stays(tmp_path):
    left, right = pair(tmp_path)
    (tmp_path / "right").rename(tmp_path / "gone")
    with pytest.raises(Refused, match="there is no folder"):
        right.refresh()
    assert not (tmp_path / "right").exists()
    one, two = End(left.link_session(False), b"a"), End(right.link_session(True))
    converse(one, two)
    assert two.heard == b"a"
    (tmp_path / "gone").rename(tmp_path / "right")
    right.refresh()


def test_a_board_that_is_not_paired(tmp_path):
    board = Credentials(str(folder(tmp_path, LEFT)))
    assert not board.paired and board.certificate == der(LEFT[1])
    with pytest.raises(Refused, match="not paired"):
        board.link_session(True)
    assert board.page_session()
    write(tmp_path / "peer.crt", b"\n")  # as an editor leaves it
    assert board.refresh() and not board.paired and not keyfolder.is_paired(str(tmp_path))
    write(tmp_path / "peer.crt", RIGHT[1])
    assert board.refresh() and board.paired and board.link_session(True)
    assert not board.refresh()


def test_what_is_damaged_while_it_runs_changes_nothing(tmp_path):
    left, right = pair(tmp_path)
    write(tmp_path / "right" / "peer.crt", b"damaged")
    for _ in range(2):
        with pytest.raises(Refused):
            right.refresh()
    one, two = End(left.link_session(False), b"a"), End(right.link_session(True))
    converse(one, two)
    assert two.heard == b"a"
    write(tmp_path / "right" / "peer.crt", LEFT[1])
    assert right.refresh()


def test_a_certificate_that_is_revoked_ends_what_it_opened(tmp_path):
    left, right = pair(tmp_path)
    one, two = End(left.link_session(False), b"a"), End(right.link_session(True))
    converse(one, two)
    assert two.secure.poll(1) is None
    keyfolder.revoke(str(tmp_path / "right"), keys.fingerprint(left.certificate))
    assert right.refresh() and not right.paired
    two.secure.poll(2)
    assert "is revoked" in two.sentences and two.refused
    one.inner.says = [memoryview(b"more")]
    converse(one, two)
    assert (two.heard, two.secure.finished, one.inner.ends) == (b"a", True, 1)


def test_a_certificate_that_is_pinned_no_more_ends_what_it_opened(tmp_path):
    left, right = pair(tmp_path)
    one, two = End(left.link_session(False)), End(right.link_session(True))
    converse(one, two)
    write(tmp_path / "right" / "peer.crt", NEXT[1])
    right.refresh()
    two.secure.poll(2)
    assert "is not one that this board is paired with" in two.sentences


def test_renewing_goes_over_to_the_new_certificate_without_a_gap(tmp_path):
    left, right = pair(tmp_path)
    mine, its = str(tmp_path / "left"), str(tmp_path / "right")

    def meet():
        one, two = End(left.link_session(False), b"a"), End(right.link_session(True), b"b")
        converse(one, two)
        return one.heard, two.heard

    new = keyfolder.prepare_next(mine, "left")
    assert not left.refresh()
    keyfolder.pin_also(its, new)
    assert right.refresh() and len(right.pinned) == 2 and meet() == (b"b", b"a")
    keyfolder.use_next(mine)
    assert left.refresh() and left.certificate == new and meet() == (b"b", b"a")
    assert right.refresh() and right.pinned == (new,)  # the old one was dropped when the new one was seen


def test_a_folder_that_is_being_written_is_left_alone_until_later(tmp_path):
    """By two at a time the one file would lose what the other has just put in."""
    left, right = pair(tmp_path)
    write(tmp_path / "right" / "peer.crt", NEXT[1] + LEFT[1])
    right.refresh()
    right.busy = lambda: True
    one, two = End(left.link_session(False), b"a"), End(right.link_session(True))
    converse(one, two)
    assert two.heard == b"a"
    keyfolder.revoke(str(tmp_path / "right"), keys.fingerprint(der(NEXT[1])))
    assert not right.refresh() and len(keyfolder.peers(str(tmp_path / "right"))) == 2
    right.busy = lambda: False
    assert right.refresh() and keyfolder.peers(str(tmp_path / "right")) == [left.certificate]


def test_a_folder_that_cannot_be_written_is_a_trouble_and_no_end(tmp_path, monkeypatch):
    left, right = pair(tmp_path)
    write(tmp_path / "right" / "peer.crt", NEXT[1] + LEFT[1])
    right.refresh()

    def fail(path, certificate):
        raise Refused("the folder cannot be written")

    monkeypatch.setattr(keyfolder, "seen", fail)
    one, two = End(left.link_session(False), b"a"), End(right.link_session(True))
    converse(one, two)
    assert two.heard == b"a" and "is still trusted" in right.trouble


@pytest.mark.parametrize(("text", "has"), [
    ("processor : 0\nflags\t\t: fpu aes sse\n", True), ("Features\t: fp asimd crc32\n", False), ("", False),
    ("Features\t: fp asimd aes pmull\n", True), ("model name\t: aes box\n", False),
])  # fmt: skip
def test_which_processors_have_aes(tmp_path, text, has):
    (tmp_path / "cpuinfo").write_text(text)
    assert ciphers.has_aes(str(tmp_path / "cpuinfo")) == has
    assert not ciphers.has_aes(str(tmp_path / "none"))
