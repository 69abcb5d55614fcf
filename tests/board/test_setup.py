"""The set-up of every boot on a fake board: first boot, keys, start-anew, cuts between any two steps, damage."""

import os

import pytest

from board.setup import anew, first, folders
from board.setup.__main__ import Setup
from firmware.ports.cpython import keyfolder
from firmware.ports.cpython import keys as keymaker
from tests.board.cards import Cut, FakeMachine, partitions

CONF = b"name = left\nrole = primary\npeer = 10.0.0.2:7411\n"
CARD_KEYS = (keyfolder.OWN_KEY, keyfolder.OWN_CERTIFICATE, keyfolder.PEER, keyfolder.PASSWORD)


def identity(name):
    return keymaker.new_identity(name)


LEFT, RIGHT, STRANGER = identity("left"), identity("right"), identity("stranger")


@pytest.fixture(autouse=True)
def small_heads(monkeypatch):
    monkeypatch.setattr(first, "_HEAD", 64 << 10)


@pytest.fixture
def machine(tmp_path):
    return flashed(FakeMachine(tmp_path))


def flashed(machine, conf=CONF):
    (machine.root / "card/sosie.conf").write_bytes(conf)
    return machine


def bring(machine, own=LEFT, peer=RIGHT[1], more=()):
    """The folder pair, as flash.sh leaves it on a card."""
    folder = machine.root / "card/pair"
    folder.mkdir(exist_ok=True)
    for name, data in dict(zip(CARD_KEYS, (*own, peer, b"scrypt$line\n")), **dict(more)).items():
        (folder / name).write_bytes(data)
    return folder


def set_up(machine):
    setup = Setup(machine)
    setup.run()
    assert (machine.facts()["troubles"], machine.facts()["alarms"]) == (setup.troubles, setup.alarms)
    return setup.troubles


def set_up_but_for_keys(machine) -> list:
    """What is said of keys, which keep no board from running."""
    assert set_up(machine) == []
    return machine.facts()["alarms"]


def kept(machine) -> dict:
    folder = machine.root / "state/keys"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_a_first_boot(machine):
    bring(machine)
    assert set_up(machine) == []
    assert [number for number, _, _ in partitions(machine.root / "dev/vda")] == [1, 2, 3, 4, 5, 6, 7]
    assert kept(machine) == dict(zip(CARD_KEYS, (*LEFT, RIGHT[1], b"scrypt$line\n")))
    assert not (machine.root / "card/pair").exists()
    assert os.readlink(machine.root / "run/sosie/journal") == str(machine.part(6))
    assert machine.facts()["parts"]["6"] == str(machine.part(6))
    assert machine.hostname == "left"
    assert all(os.stat(machine.root / "state/keys" / name).st_mode & 0o77 == 0 for name in kept(machine))
    assert [words[2] for words in machine.commands if "remount" in words[2]][-1] == "remount,ro"


def test_a_card_without_keys_that_brings_a_signer_of_updates(machine):
    folder = machine.root / "card/pair"
    folder.mkdir()
    (folder / "update.crt").write_bytes(STRANGER[1])
    assert set_up(machine) == []
    assert sorted(kept(machine)) == [keyfolder.OWN_CERTIFICATE, keyfolder.OWN_KEY]
    assert (machine.root / "state/updater/update.crt").read_bytes() == STRANGER[1] and not folder.exists()


def test_the_next_boot_makes_nothing(machine):
    bring(machine)
    set_up(machine)
    before = kept(machine)
    machine = machine.boot()
    assert set_up(machine) == []
    assert kept(machine) == before and not machine.added
    assert {words[0] for words in machine.commands} == {"mount", "modprobe"}


def test_a_board_without_a_pairing_file_makes_a_key_of_its_own(machine):
    assert set_up(machine) == []
    assert sorted(kept(machine)) == [keyfolder.OWN_CERTIFICATE, keyfolder.OWN_KEY]
    assert not keyfolder.is_paired(str(machine.root / "state/keys"))
    before = kept(machine)
    assert set_up(machine.boot()) == [] and kept(machine) == before
    bring(machine)
    assert set_up(machine.boot()) == []
    assert kept(machine)[keyfolder.OWN_KEY] == LEFT[0]


def test_keys_for_a_board_that_is_paired_already(machine):
    bring(machine)
    set_up(machine)
    before = kept(machine)
    bring(machine, STRANGER)
    alarms = set_up_but_for_keys(machine.boot())
    assert len(alarms) == 1 and "paired already" in alarms[0] and "start-anew" in alarms[0]
    assert kept(machine) == before
    assert (machine.root / "card/pair/own.key").read_bytes() == STRANGER[0]
    assert len(set_up_but_for_keys(machine.boot())) == 1  # for as long as it lies there


@pytest.mark.parametrize("name", [keyfolder.OWN_KEY, keyfolder.OWN_CERTIFICATE, keyfolder.PEER])
def test_half_a_pairing(machine, name):
    folder = bring(machine)
    (folder / name).unlink()
    alarms = set_up_but_for_keys(machine)
    assert len(alarms) == 1 and name in alarms[0]
    assert keyfolder.PEER not in kept(machine)


def test_keys_that_do_not_fit_together(machine):
    bring(machine, (LEFT[0], STRANGER[1]))
    (trouble,) = set_up_but_for_keys(machine)
    assert "do not belong together" in trouble and keyfolder.OWN_KEY not in kept(machine)


def test_who_signs_updates_is_roots_alone(machine):
    bring(machine, more={"update.crt": b"first"})
    set_up(machine)
    place = machine.root / "state/updater/update.crt"
    assert place.read_bytes() == b"first" and os.stat(place.parent).st_mode & 0o77 == 0
    bring(machine, more={"update.crt": b"another"})
    (trouble,) = set_up_but_for_keys(machine.boot())
    assert "certificate for updates" in trouble and place.read_bytes() == b"first"


def test_a_cut_anywhere_and_the_boots_after_it(tmp_path):
    steps = 0
    while True:
        folder = tmp_path / str(steps)
        folder.mkdir()
        machine = flashed(FakeMachine(folder))
        bring(machine)
        machine.cut_after = steps
        try:
            Setup(machine).run()
            break
        except Cut:
            pass
        machine = machine.boot()
        assert set_up(machine) == [], steps
        assert kept(machine)[keyfolder.PEER] == RIGHT[1]
        assert not (folder / "card/pair").exists() and not (folder / "card/pair-taken").exists()
        steps += 1
    assert steps > 15


# start-anew


def used(machine):
    bring(machine)
    set_up(machine)
    for number in (6, 7):
        with open(machine.part(number), "r+b") as file:
            file.write(b"a ring's head")
    (machine.root / anew_path(anew.MEMORY)).write_text("{}")
    return machine.boot()


def anew_path(name):
    return "state/" + name


def heads(machine):
    return [machine.part(number).read_bytes()[:4] for number in (6, 7)]


@pytest.mark.parametrize("name", ["start-anew", "start-anew.txt"])
def test_start_anew_forgets_the_journal_and_the_disk(machine, name):
    machine = used(machine)
    (machine.root / "card" / name).write_bytes(b"")
    before = kept(machine)
    assert set_up(machine) == []
    assert heads(machine) == [bytes(4), bytes(4)]
    assert not (machine.root / anew_path(anew.MEMORY)).exists() and not (machine.root / anew_path(anew.WANTED)).exists()
    assert not (machine.root / "card" / name).exists() and kept(machine) == before


def test_without_the_file_nothing_is_forgotten(machine):
    machine = used(machine)
    assert set_up(machine) == []
    assert heads(machine) == [b"a ri", b"a ri"] and (machine.root / anew_path(anew.MEMORY)).exists()


def test_more_is_asked_for_by_lines(machine):
    machine = used(machine)
    (machine.root / "card/start-anew.txt").write_bytes("\ufeffEmpty the  disk\r\nforget the keys\r\n".encode())
    before = kept(machine)
    assert set_up(machine) == []
    assert (machine.root / anew_path(anew.WANTED)).exists()
    after = kept(machine)
    assert after[keyfolder.OWN_KEY] != before[keyfolder.OWN_KEY]
    assert not after[keyfolder.PEER] and after[keyfolder.PASSWORD]


def test_a_new_pairing_goes_with_it(machine):
    machine = used(machine)
    (machine.root / "card/start-anew").write_bytes(b"forget the keys\n")
    bring(machine, STRANGER, more={"update.crt": b"another"})
    assert set_up(machine) == []
    assert kept(machine)[keyfolder.OWN_KEY] == STRANGER[0]
    assert (machine.root / "state/updater/update.crt").read_bytes() == b"another"


def test_something_else_in_it_is_refused(machine):
    machine = used(machine)
    (machine.root / "card/start-anew").write_bytes(b"format everything\n")
    (trouble,) = set_up(machine)
    assert "format everything" in trouble and "empty the disk" in trouble
    assert heads(machine) == [b"a ri", b"a ri"] and (machine.root / "card/start-anew").exists()


def test_a_cut_while_it_starts_anew(tmp_path):
    steps = 0
    while True:
        folder = tmp_path / str(steps)
        folder.mkdir()
        machine = used(flashed(FakeMachine(folder)))
        (folder / "card/start-anew").write_bytes(b"empty the disk\n")
        machine.cut_after = steps
        try:
            Setup(machine).run()
            break
        except Cut:
            pass
        machine = machine.boot()
        assert set_up(machine) == []
        assert heads(machine) == [bytes(4), bytes(4)] and not (folder / "card/start-anew").exists()
        assert (folder / anew_path(anew.WANTED)).exists()
        steps += 1
    assert steps > 5


def test_the_disk_on_the_card_is_not_emptied_like_a_history(tmp_path):
    machine = used(flashed(FakeMachine(tmp_path), CONF + b"disk = card\n"))
    (machine.root / "card/start-anew").write_bytes(b"")
    assert set_up(machine) == []
    assert heads(machine) == [bytes(4), b"a ri"]


# Damage


def test_without_sosie_conf_nothing_is_made(machine):
    (machine.root / "card/sosie.conf").unlink()
    troubles = set_up(machine)
    assert "no sosie.conf" in troubles[0] and len(troubles) == 1 and not machine.added
    assert (machine.root / "run/systemd/network/50-sosie.network").exists()


def test_a_card_is_not_shared_out_by_a_line_that_is_wrong(machine):
    flashed(machine, CONF + b"disk = crad\n")
    set_up(machine)
    assert not machine.added
    flashed(machine)
    assert set_up(machine.boot()) == []


def test_other_lines_that_are_wrong_are_the_stewards_to_tell(machine):
    flashed(machine, b"name = left\nrole = boss\n")
    assert set_up(machine) == []


def test_a_state_that_cannot_be_mounted(machine):
    set_up(machine)
    machine = machine.boot()
    machine.broken = {"mount": "wrong fs type", "e2fsck": "bad magic"}
    troubles = set_up(machine)
    assert "mount failed: wrong fs type" in troubles[0]


def test_a_state_that_was_repaired(machine, monkeypatch):
    set_up(machine)
    machine = machine.boot()
    run, tries = machine.run, []

    def first_fails(*command):
        if "ext4" in command and not tries:
            tries.append(command)
            raise folders.Refused("mount failed: structure needs cleaning")
        run(*command)

    machine.run = first_fails
    assert set_up(machine) == [] and ("e2fsck", "-p", str(machine.part(5))) in machine.commands


def test_a_card_that_is_too_small(tmp_path):
    machine = flashed(FakeMachine(tmp_path, 1200 << 20))
    (trouble,) = set_up(machine)
    assert "too small" in trouble and not machine.added


def test_the_machine_is_named_after_the_board(tmp_path):
    machine = flashed(FakeMachine(tmp_path), "name = Büro *1*\nrole = twin\n".encode())
    set_up(machine)
    assert machine.hostname == "b-ro--1"


