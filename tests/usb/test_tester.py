"""The checks of `sosie usb selftest` against a small device: what the standard allows passes, what it does not is
found, by the check that is there for it."""

import struct

import pytest

from tests.usb.fake_bus import FakeBus
from tests.usb.reference_device import BLOCK, STYLES, ReferenceDevice
from tools.usb import checks
from tools.usb.bulk_only import Host
from tools.usb.checks.check import OK, WRONG, run
from tools.usb.checks.target import Target

PACKETS = (64, 512, 1024)
BLOCKS = 6000

# What is wrong with the device: how the names of checks begin of which one at least must fail.
PLANTED = {
    "no residue": ["case 4", "case 5", "case 9", "case 11"],
    "no zero-length packet": ["case 4", "case 5"],
    "zero-length packet too many": ["case 6"],
    "cut at 64 KiB": ["long reads"],
    "data shifted": ["case 5"],
    "sends more than was asked": ["case 7"],
    "wrong tag": ["case 1"],
    "tag of 31 bits": ["every tag"],
    "wrong signature": ["case 1"],
    "status 5": ["case 1"],
    "csw of 12 bytes": ["case 1"],
    "csw of a packet": ["case 1"],
    "two csws": ["case 1"],
    "csw before the data": ["no CSW before"],
    "does not drain": ["case 9", "case 11"],
    "writes nothing": ["case 12"],
    "writes the surplus": ["case 11"],
    "case 13 writes zeroes": ["case 13"],
    "case 3 writes": ["case 3"],
    "case 8 writes": ["case 8"],
    "any signature": ["not a CBW: wrong signature"],
    "any length is a cbw": ["not a CBW: 30 bytes", "not a CBW: 32 bytes", "not a CBW: one full packet"],
    "any flags": ["a CBW without meaning: reserved bits of bmCBWFlags", "a CBW without meaning: the obsolete"],
    "any lun bits": ["a CBW without meaning: reserved bits of bCBWLUN"],
    "any cdb length": ["a CBW without meaning: command block of 0", "a CBW without meaning: command block of 17"],
    "any lun": ["a CBW without meaning: a LUN"],
    "no stall": ["not a CBW: wrong signature", "Bulk-Only Mass Storage Reset leaves"],
    "csw after a bad cbw": ["not a CBW: 1 byte"],
    "clear halt revives": ["not a CBW: wrong signature"],
    "reset ignored": ["reset recovery, before data to", "reset recovery, in the middle of data from"],
    "reset keeps data in": ["reset recovery, in the middle of data to", "reset recovery, with a CSW due"],
    "reset clears halts": ["Bulk-Only Mass Storage Reset leaves"],
    "port reset ignored": ["USB port reset, in the middle of data from"],
    "port reset leaves a csw": ["USB port reset, idle"],
    "two bytes of max lun": ["Get Max LUN"],
    "beyond the end passes": ["reads and writes that fail"],
    "no blocks is 256": ["commands of zero blocks"],
    "allocation 0 is all": ["allocation length 0"],
    "reads elsewhere": ["commands of 16 bytes"],
}
PLANTED.update(("case %d passes" % case, ["case %d " % case]) for case in (2, 3, 7, 8, 10, 13))
PLANTED.update(("case %d is a phase error" % case, ["case %d " % case]) for case in (4, 5, 9, 11))


def medium() -> bytearray:
    return bytearray(b"".join(struct.pack("<I", number) * (BLOCK // 4) for number in range(BLOCKS)))


def tried(packet=512, style=STYLES[0], bug="", scratch=None, device=ReferenceDevice, disk=None):
    """(results by name, the medium afterwards)"""
    disk = medium() if disk is None else disk
    bus = FakeBus(packet)
    bus.plug(device(bus.endpoints, disk, style, bug))
    target = Target(Host(bus), scratch)
    target.prepare()
    return {each.name: each for each in run(target, checks.ALL, lambda result: None)}, disk


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("packet", PACKETS)
def test_what_the_standard_allows_passes(packet, style):
    results, disk = tried(packet, style)
    assert [str(each) for each in results.values() if each.verdict != OK] == []
    assert disk == medium()
    assert style in results["case 5 (Hi > Di), the host expects more than the device sends"].detail


@pytest.mark.parametrize("packet", PACKETS)
def test_a_scratch_range_is_written_and_nothing_else(packet):
    results, disk = tried(packet, scratch=(64, 500))
    assert [str(each) for each in results.values() if each.verdict != OK] == []
    assert disk[: 64 * BLOCK] == medium()[: 64 * BLOCK]
    assert disk[564 * BLOCK :] == medium()[564 * BLOCK :]
    assert disk != medium()


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug):
    packet = 64 if bug == "does not drain" else 512
    results, disk = tried_with(packet, bug)
    wrong = [name for name, each in results.items() if each.verdict == WRONG]
    for start in PLANTED[bug]:
        assert [name for name in wrong if name.startswith(start)], "%s: %s" % (bug, wrong)
    if bug in ("case 3 writes", "case 8 writes", "case 13 writes zeroes"):
        assert disk == medium(), "what was damaged was not put back"


def test_a_missing_zero_length_packet_is_called_that():
    results, _ = tried_with(64, "no zero-length packet")
    detail = next(each.detail for each in results.values() if each.name.startswith("case 5"))
    assert "the CSW comes inside the data" in detail


def tried_with(packet, bug):
    """As tried(), for a device that may not even get through the first look at it."""
    scratch = (64, 2048) if bug in ("writes nothing", "writes the surplus") else None
    bus = FakeBus(packet)
    disk = medium()
    healthy = ReferenceDevice(bus.endpoints, disk)
    target = Target(Host(bus.plug(healthy)), scratch)
    target.prepare()
    sick = ReferenceDevice(bus.endpoints, disk, bug=bug)
    bus.endpoints.drop()
    sick.packet = packet
    sick._await_command()
    bus.plug(sick) if bug == "port reset ignored" else setattr(bus, "device", sick)
    bus.endpoints.bot = sick
    return {each.name: each for each in run(target, checks.ALL, lambda result: None)}, disk
