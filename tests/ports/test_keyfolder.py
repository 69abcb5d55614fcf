"""Keys folders: whole after a power cut at any step, and never changed by what is refused."""

import datetime
import os
import stat
import subprocess
import sys

import pytest

from firmware.errors import ProtocolError, Refused
from firmware.ports import files
from firmware.ports.cpython import keyfolder, keys, pake
from firmware.ports.cpython.keyring import Keyring


class Cut(BaseException):
    """The power went."""


class Kernel:
    """The system calls of replacing files; `left` of them succeed, then the power goes."""

    def __init__(self, monkeypatch, left: int):
        self.left = left
        for module, name in ((files.system, "rename"), (files.system, "fsync"), (files.system, "unlink"),
                             (files.system, "pwrite"), (os, "rename")):
            monkeypatch.setattr(module, name, self._counted(getattr(module, name)))

    def _counted(self, call):
        def counted(*args, **more):
            self.left -= 1
            if self.left < 0:
                raise Cut
            return call(*args, **more)

        return counted


def cut_everywhere(monkeypatch, prepare, action, check):
    """`action(prepare())` with a cut before each of its system calls, then `check(prepared)`; how many cuts."""
    count = 0
    while True:
        prepared = prepare(count)
        with monkeypatch.context() as patch:
            kernel = Kernel(patch, count)
            try:
                action(prepared)
            except Cut:
                pass
        check(prepared)
        if kernel.left >= 0:
            return count
        count += 1


@pytest.fixture
def source(tmp_path):
    """What a card's pair/ holds for the board left."""
    return given(tmp_path / "given", "left")


def given(folder, name):
    folder.mkdir()
    own, other = keys.new_identity(name), keys.new_identity("right")
    for file, data in (("own.key", own[0]), ("own.crt", own[1]), ("peer.crt", other[1]), ("password", b"scrypt$")):
        (folder / file).write_bytes(data)
        (folder / file).chmod(0o600)
    return str(folder)


def content(folder):
    return {name: open(os.path.join(folder, name), "rb").read() for name in sorted(os.listdir(folder))}


# A board's own keys


def test_make_is_idempotent_and_private(tmp_path):
    folder = str(tmp_path / "state" / "keys")
    keyfolder.make(folder, "left")
    first = content(folder)
    keyfolder.make(folder, "left")
    assert content(folder) == first and set(first) == {"own.key", "own.crt"}
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(folder + "/own.key").st_mode) == 0o600
    keyfolder.check(folder)
    assert not keyfolder.is_paired(folder)


def test_make_survives_a_cut_anywhere(tmp_path, monkeypatch):
    def check(folder):
        keyfolder.make(folder, "left")
        keyfolder.check(folder)

    cuts = cut_everywhere(monkeypatch, lambda number: str(tmp_path / str(number)),
                          lambda folder: keyfolder.make(folder, "left"), check)
    assert cuts > 8


def test_a_paired_board_that_lost_its_key_makes_no_other(tmp_path, source):
    os.unlink(source + "/own.key")
    with pytest.raises(Refused, match="paired"):
        keyfolder.make(source, "left")


def test_a_board_that_only_runs_does_not_load_what_makes_keys(source):
    """20 MB, and a second on the smallest board."""
    keyfolder.prepare_next(source, "left")  # and a renewal was left where it was
    program = """
import sys
from firmware import ports
ports.open_keys(sys.argv[1]), ports.open_keyring(sys.argv[1], "left").facts()
assert "ssl" in sys.modules and "cryptography" not in sys.modules and "spake2" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program, source], check=True)


# Taking over what a card brought


def test_take_over(tmp_path, source):
    folder = str(tmp_path / "keys")
    keyfolder.make(folder, "left")  # a board that came up before its keys
    assert keyfolder.take_over(source, folder)
    assert content(folder) == content(source)
    assert not keyfolder.take_over(source, folder)


def test_take_over_survives_a_cut_anywhere(tmp_path, source, monkeypatch):
    def prepare(number):
        folder = str(tmp_path / str(number))
        keyfolder.make(folder, "left")
        return folder

    def check(folder):
        keyfolder.settle(folder)
        keyfolder.check(folder)
        if keyfolder.is_paired(folder):
            assert content(folder)["own.key"] == content(source)["own.key"]
        keyfolder.take_over(source, folder)
        assert {name: data for name, data in content(folder).items() if ".new" not in name} == content(source)

    assert cut_everywhere(monkeypatch, prepare, lambda folder: keyfolder.take_over(source, folder), check) > 15


def test_a_paired_board_takes_nothing_over(tmp_path, source):
    folder = given(tmp_path / "other", "left")
    before = content(folder)
    with pytest.raises(Refused, match="paired already; to start over"):
        keyfolder.take_over(source, folder)
    assert content(folder) == before
    keyfolder.unpair(folder)
    assert keyfolder.take_over(source, folder)


def test_a_paired_board_is_paired_with_no_other(source):
    before, stranger = content(source), given_certificate("right")
    for action in (keyfolder.admit, keyfolder.pair):
        with pytest.raises(Refused, match="paired already; to start over"):
            action(source, stranger)
        action(source, keyfolder.peers(source)[0])
    assert content(source) == before


@pytest.mark.parametrize("name", ["own.key", "own.crt", "peer.crt"])
@pytest.mark.parametrize("damage", [None, b"", b"x" * 100, b"-----BEGIN CERTIFICATE-----\nAAAA\n", b"\xff" * 70000])
def test_damaged_gifts_are_refused(tmp_path, source, name, damage):
    os.unlink(os.path.join(source, name))
    if damage is not None:
        with open(os.path.join(source, name), "wb") as file:
            file.write(damage)
    folder = str(tmp_path / "keys")
    keyfolder.make(folder, "left")
    before = content(folder)
    with pytest.raises(Refused):
        keyfolder.take_over(source, folder)
    assert content(folder) == before


def test_keys_of_two_boards_mixed_up(tmp_path, source):
    other = given(tmp_path / "other", "left")
    with open(source + "/own.crt", "wb") as file:
        file.write(content(other)["own.crt"])
    with pytest.raises(Refused, match="do not belong together"):
        keyfolder.check(source)


# Renewing


def test_renewing(source):
    other = given_certificate("right")
    ring = Keyring(source, "left")
    old, pem = ring.certificate, ring.renew()
    assert ring.renew() == pem and ring.certificate == old  # asked twice, for instance after a lost answer
    ring.switch()
    ring.switch()
    assert ring.certificate == keys.only_der(pem.encode()) != old
    keyfolder.check(source)
    before = keyfolder.peers(source)
    ring.pin_next(keys.pem_of(other).decode())
    assert keyfolder.peers(source) == before + [other]
    ring.saw(before[0])
    assert keyfolder.peers(source) == before + [other]
    ring.saw(other)
    assert keyfolder.peers(source) == [other]
    assert not keyfolder.seen(source, other) and not keyfolder.seen(source, before[0])  # nothing is written for nothing


def given_certificate(name):
    return keys.ders(keys.new_identity(name)[1])[0]


def test_a_switch_survives_a_cut_anywhere(tmp_path, monkeypatch):
    def prepare(number):
        folder = given(tmp_path / str(number), "left")
        certificates = {keyfolder.own_certificate(folder), keyfolder.prepare_next(folder, "left")}
        return folder, certificates

    def check(prepared):
        folder, certificates = prepared
        keyfolder.settle(folder)  # as at the next start
        ring = Keyring(folder, "left")
        assert ring.certificate in certificates
        ring.switch()
        keyfolder.check(folder)
        assert ring.certificate in certificates and "next.key" not in content(folder)

    assert cut_everywhere(monkeypatch, prepare, lambda prepared: keyfolder.use_next(prepared[0]), check) == 4


def test_a_renewal_that_was_given_up_leaves_the_certificate_in_use(source):
    pins = keyfolder.peers(source) + [given_certificate("right") for _ in range(5)]
    for certificate in pins[1:3]:
        keyfolder.pin_also(source, certificate)
    assert keyfolder.peers(source) == pins[:3]
    keyfolder.seen(source, pins[1])
    assert keyfolder.peers(source) == pins[1:3]
    for certificate in pins[3:]:
        keyfolder.pin_also(source, certificate)
    assert keyfolder.peers(source) == [pins[1]] + pins[3:]


def test_no_pin_for_a_board_that_is_not_paired(tmp_path):
    keyfolder.make(str(tmp_path), "left")
    with pytest.raises(Refused, match="not paired"):
        keyfolder.pin_also(str(tmp_path), given_certificate("right"))


# Revoking


def test_revoking(source):
    peer = keyfolder.peers(source)[0]
    fingerprint = keys.fingerprint(peer)
    keyfolder.revoke(source, fingerprint.upper())
    keyfolder.revoke(source, ":".join(fingerprint[at : at + 2] for at in range(0, 64, 2)))
    assert keyfolder.revoked(source) == {fingerprint}
    assert keyfolder.revoked_certificates(source, [peer]) == [peer]
    for action in (keyfolder.admit, keyfolder.pair, keyfolder.pin_also):
        with pytest.raises(Refused, match="revoked"):
            action(source, peer)


def test_revoked_by_hand(source):
    with open(source + "/revoked", "w") as file:
        file.write("# lost in March\n\n%s  # the old left\n" % ("AB" * 32))
    assert keyfolder.revoked(source) == {"ab" * 32}
    with open(source + "/revoked", "a") as file:
        file.write("abcd\n")
    with pytest.raises(Refused, match="line 4"):
        keyfolder.check(source)


@pytest.mark.parametrize("text", ["", "ab", "g" * 64, "a" * 63, "a" * 65])
def test_what_is_no_fingerprint(source, text):
    with pytest.raises(Refused, match="64 hexadecimal"):
        keyfolder.revoke(source, text)


def test_a_folder_on_a_full_card(source, monkeypatch):
    before = content(source)
    monkeypatch.setattr(files.system, "pwrite", no_room)
    with pytest.raises(Refused, match="No space left"):
        keyfolder.pin_also(source, given_certificate("right"))
    assert {name: data for name, data in content(source).items() if ".new" not in name} == before


def no_room(*args):
    raise OSError(28, "No space left on device")


# Certificates and passwords


def test_validity():
    now = datetime.datetime(2030, 5, 1, 12, 0, 0, 5, tzinfo=datetime.UTC)
    name, begin, end = keys.facts(keys.ders(keys.new_identity("bürö 1", now)[1])[0])
    assert name == "bürö 1"
    assert begin == datetime.datetime(2030, 4, 30, 12, 0, 0, tzinfo=datetime.UTC)
    assert (end - begin).days >= 3650


@pytest.mark.parametrize("part, other", [
    ("06082a8648ce3d030107", "06082a8648ce3d030108"),  # a curve that nobody knows
    ("06072a8648ce3d0201", "06072a8648ce3d0209"),  # a kind of key
    ("a003020102", "a003020126"),  # a version
])
def test_what_the_library_does_not_know_is_damage(part, other):
    der = keys.ders(keys.new_identity("left")[1])[0]
    strange = der.replace(bytes.fromhex(part), bytes.fromhex(other))
    assert strange != der
    with pytest.raises(Refused, match="damaged"):
        keys.facts(strange)


@pytest.mark.parametrize("year", [2026, 2039, 2041, 2200])  # the field changes its form in 2050
def test_valid_until_says_what_the_library_says(year):
    der = keys.ders(keys.new_identity("left", datetime.datetime(year, 5, 1, tzinfo=datetime.UTC))[1])[0]
    assert keys.valid_until(der) == keys.facts(der)[2].timestamp()
    for damaged in (b"", der[:40], b"x" * 300, der[:1] + b"\x84" + der[2:]):
        with pytest.raises(Refused, match="damaged"):
            keys.valid_until(damaged)


def test_aging(source):
    ring, year = Keyring(source, "left"), 365 * 86400
    now = keys.valid_until(ring.certificate)
    assert ring.aging(now - year) == ""
    assert "certificate of this board is good until" in ring.aging(now - year // 3)
    other = keys.new_identity("right", datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))[1]
    keyfolder.pin_also(source, keys.only_der(other))
    assert "certificate of the other board is good until 2029-12-31" in ring.aging(now - 7 * year)


def test_passwords():
    password = keys.new_password()
    line = keys.hash_password(password)
    assert line.count("$") == 5 and password not in line
    assert keys.is_password(password, line + "\n") and not keys.is_password(password + "x", line)
    assert keys.hash_password(password) != line
    assert not keys.is_password("", "scrypt$8192$8$1$00$")


@pytest.mark.parametrize("line", ["", "scrypt$", "md5$1$1$1$00$00", "scrypt$a$b$c$d$e", "scrypt$16384$8$1$00$0",
                                  "scrypt$1048576$99$9$00$" + "00" * 32, "scrypt$-1$8$1$00$" + "00" * 32])
def test_damaged_lines_of_passwords(line):
    with pytest.raises(Refused, match="damaged"):
        keys.is_password("password", line)


# SPAKE2


def exchange(code, other):
    caller, host = pake.Exchange(code, True), pake.Exchange(other, False)
    caller.finish(host.element)
    host.finish(caller.element)
    return caller, host


def test_the_same_code_makes_the_same_key():
    caller, host = exchange("7-amber-otter", "7-amber-otter")
    tag = caller.tag(b"caller card", b"body")
    assert len(tag) == 32 and host.is_tag(b"caller card", b"body", tag)
    assert not host.is_tag(b"host card", b"body", tag)
    assert not host.is_tag(b"caller card", b"bodx", tag)
    assert caller.tag(b"a", b"bc") != caller.tag(b"ab", b"c")


def test_another_code_makes_another_key():
    caller, host = exchange("7-amber-otter", "7-amber-olive")
    assert not host.is_tag(b"caller card", b"body", caller.tag(b"caller card", b"body"))


@pytest.mark.parametrize("element", [b"", b"A", b"B" + b"\x00" * 32, b"B" + b"\xff" * 32, b"B" + b"\x01" + b"\x00" * 31,
                                     b"A" + b"\x42" * 32, b"B" + b"x" * 31, b"B" + b"x" * 33, b"S" + b"x" * 32])
def test_no_element(element):
    with pytest.raises(ProtocolError):
        pake.Exchange("7-amber-otter", True).finish(element)


def test_a_mirror():
    caller = pake.Exchange("7-amber-otter", True)
    for element in (caller.element, b"B" + caller.element[1:]):
        with pytest.raises(ProtocolError):
            pake.Exchange("7-amber-otter", True).finish(caller.element)
    with pytest.raises(ProtocolError):
        caller.finish(b"B" + caller.element[1:])
