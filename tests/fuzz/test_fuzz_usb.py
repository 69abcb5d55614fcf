"""Commands of a USB host that make sense, and such that make none, with everything that can happen between them."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.host.bot import Bot
from firmware.host.scsi import commands, provisioning, sense
from firmware.host.scsi.task import Task
from tests.fuzz.targets import usb
from tests.fuzz.usb import meaning
from tests.fuzz.usb.disk import MIB
from tests.fuzz.usb.oracle import FAILED, PASSED
from tests.fuzz.usb.session import Session

BLOCKS = 2 * MIB // 512 + 5
LBAS = st.one_of(st.integers(0, 40), st.integers(BLOCKS - 40, BLOCKS + 3), st.sampled_from([2**31, 2**32 - 1]))
LENGTHS = st.one_of(st.integers(0, 20), st.sampled_from([240, 2047, 2048, 2049, 4000]))
FLAGS = st.sampled_from([0, 0, 0, 2, 4, 6, 8, 0x10])
BLOCK_CODES = meaning.READS + meaning.WRITES + meaning.WRITES_VERIFIED + meaning.VERIFIES + meaning.SAMES + (0x89, 0x8B)
CDBS = st.one_of(
    st.builds(lambda code, lba, blocks, flags: usb.on_blocks(code, lba, blocks, flags).ljust(16, b"\0"),
              st.sampled_from(BLOCK_CODES), LBAS, LENGTHS, FLAGS),
    st.builds(lambda code, rest: bytes([code]) + rest, st.sampled_from(sorted(commands.COMMANDS)),
              st.binary(min_size=15, max_size=15)),
    st.binary(min_size=16, max_size=16),
)  # fmt: skip
DATA = st.one_of(
    st.sampled_from([b"\0", b"a", b"abc"]),
    st.builds(lambda lba, blocks: struct.pack(">HH4xQI4x", 22, 16, lba, blocks), LBAS, LENGTHS),
    st.binary(max_size=40),
)
FATES = st.lists(st.integers(0, 255), max_size=6)
USUAL = st.tuples(st.just("command"), CDBS, DATA, FATES, st.none())
STRANGE = st.tuples(
    st.just("command"), CDBS, DATA, FATES,
    st.tuples(st.integers(0, 17), st.sampled_from([0, 0x80, 0x80, 1]), st.sampled_from([0, 0, 1, 2, 15, 16]),
              st.one_of(st.integers(0, 70000), st.just(0xFFFFFFFF)), st.one_of(st.none(), st.integers(0, 70000))),
)  # fmt: skip
OTHER = st.tuples(st.sampled_from(["garbage", "reset", "replug", "lose", "dies", "room", "slow"]), st.integers(0, 255))
SCRIPTS = st.lists(st.one_of(USUAL, USUAL, STRANGE, OTHER), max_size=12)


def play(session, script) -> None:
    for kind, *what in script:
        if kind == "command":
            command(session, *what)
        elif kind == "garbage":
            session.garbage(bytes(what[0] % 64))
        elif kind == "reset":
            session.reset()
        elif kind == "replug":
            session.replug(bool(what[0] & 1))
        elif kind == "lose":
            session.lose(bool(what[0] & 1))
        elif kind == "dies":
            session.take_over()
        elif kind == "room":
            session.disk.room = what[0] % 4 or None
        else:
            session.disk.slow = bool(what[0] & 1)
        if session.is_broken and what[0] != 77:
            session.reset()
    session.recover()


def command(session, cdb, data, fates, strange) -> None:
    fates = list(fates)
    session.fates = lambda: fates.pop(0) if fates else None
    to_host, expected = meaning.transfer(cdb)
    length, flags, lun, sent = usb.LENGTHS.get(cdb[0] >> 5, 6), 0x80 if to_host else 0, 0, None
    expected = min(expected, 3 * MIB)
    if strange:
        length, flags, lun, expected, sent = strange
    session.command(cdb, length, flags, lun, expected, data, sent)


@settings(max_examples=250)
@given(st.sampled_from([64, 512, 1024]), st.booleans(), st.booleans(), SCRIPTS)
def test_whatever_a_host_does(max_packet, trims, late, script):
    play(Session(BLOCKS * 512, max_packet, trims, late), script)


@settings(max_examples=150)
@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=300))
def test_any_bytes_as_acts(disk, bus, acts):
    usb.one(bytes([disk, bus]) + acts)


# Planted faults: what the seeds alone must find


def _beyond(task, volume, offset, view):
    yield from Task.write.plain(task, volume, offset + 512, view)


def _nothing(task, *_):
    return
    yield


def _half(task, volume, offset, length, trim):
    yield from Task.zero.plain(task, volume, offset, max(length // 1024 * 512, 512), trim)


def _residue(bot):
    bot._moved -= 1
    Bot._acknowledge.plain(bot)


def _tagless(bot):
    bot._tag ^= 1
    Bot._acknowledge.plain(bot)


def _deaf(bot, now_ms):
    return bot._task.poll(now_ms)


def _unstalled(bot):
    bot._await_command()


def _kept_abort(task):
    task._end(0)


def _senseless(condition):
    return bytes(18)


def _shortened(data, capacity):
    return provisioning._descriptors.plain(data, capacity)[1:]


def _stale(task, volume, offset, view):
    view[:] = bytes(len(view))
    return
    yield


FAULTS = [
    (Task, "write", _beyond), (Task, "write", _nothing), (Task, "zero", _half), (Task, "flush", _nothing),
    (Task, "read", _stale), (Bot, "_acknowledge", _residue), (Bot, "_acknowledge", _tagless), (Bot, "poll", _deaf),
    (Bot, "_break", _unstalled), (Task, "abort", _kept_abort), (sense.CheckCondition, "fixed", _senseless),
    (provisioning, "_descriptors", _shortened),
]  # fmt: skip


@pytest.mark.parametrize("where, name, fault", FAULTS, ids=lambda each: getattr(each, "__name__", str(each)))
def test_a_planted_fault_is_found(monkeypatch, where, name, fault):
    fault.plain = getattr(where, name)
    monkeypatch.setattr(where, name, fault)
    with pytest.raises(Exception):
        for seed in usb.seeds():
            usb.one(seed)


def test_the_session_sees_what_commands_do():
    """The seeds and their like do reach the disk: writes pass, and come back as they were."""
    session = Session(BLOCKS * 512, 512, True, False)
    session.command(bytes(16), 6, 0, 0, 0, b"")
    write, read = (usb.on_blocks(code, 1, 2049).ljust(16, b"\0") for code in (0x2A, 0x28))
    assert session.command(write, 10, 0, 0, 2049 * 512, b"abc").status == PASSED
    assert session.command(read, 10, 0x80, 0, 2049 * 512, b"").data[:6] == b"abcabc"
    assert session.command(read, 10, 0, 0, 0, b"").status == 2
    beyond = usb.on_blocks(0x8A, BLOCKS, 1).ljust(16, b"\0")
    result = session.command(beyond, 16, 0, 0, 512, b"a")
    assert (result.status, result.code) == (FAILED, 0x052100)
    session.recover()
