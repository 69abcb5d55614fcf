"""Lengths that are usual and lengths that are not, in transfers of odd sizes."""

import struct

from tools.usb import commands
from tools.usb.bulk_only import Misbehaved
from tools.usb.checks.check import MEDIUM, WRITING, Check
from tools.usb.checks.target import Target

# What the transfers of the host carry, in packets, one after the other.
ODD_PACKETS = ((1, 3, 7, 127, 255), (5, 1, 1, 1, 240), (61, 2), ())
BACK_TO_BACK = 50


def no_blocks(t: Target) -> str:
    """READ and WRITE of zero blocks move nothing (SBC-3 sections 5.10 and 5.32)."""
    for cdb in (commands.read_10(t.first, 0), commands.write_10(t.first, 0),
                commands.read_16(t.first, 0), commands.write_16(t.first, 0)):
        t.passed(t.host.command(cdb, 0))
    return ""


def no_allocation(t: Target) -> str:
    """An allocation length of zero is no error (SPC-4 section 4.3.5.6)."""
    t.passed(t.host.command(commands.inquiry(0), 0))
    done = t.passed(t.host.command(commands.inquiry(0), 36))
    if done.residue != 36:
        raise Misbehaved("INQUIRY with allocation length 0 leaves a residue of %d of 36 bytes" % done.residue)
    return ""


def long_reads(t: Target) -> str:
    length = t.blocks * t.block_size
    for packets in ODD_PACKETS:
        done = t.ask(commands.read_10(t.first, t.blocks), length, _sizes(t, packets))
        if done.data != t.old(0, t.blocks) or done.residue:
            raise Misbehaved("%d bytes read in transfers of %s packets are other ones" % (length, list(packets)))
    return "%d bytes" % length


def _sizes(t: Target, packets: "tuple[int, ...]") -> "tuple[int, ...]":
    return tuple(each * t.wire.max_packet for each in packets)


def long_writes(t: Target) -> str:
    for packets in ODD_PACKETS:
        data = t.new(0, t.blocks)
        done = t.passed(t.host.send(commands.write_10(t.first, t.blocks), data, _sizes(t, packets)))
        t.wrote(0, data)
        if done.residue:
            raise Misbehaved("%d bytes written leave a residue of %d" % (len(data), done.residue))
        t.verify(0, t.blocks)
    return "%d bytes%s" % (t.blocks * t.block_size, "" if t.scratch else ", rewritten as they were")


def sixteen_byte_commands(t: Target) -> str:
    data = t.new(0, 8)
    t.passed(t.host.send(commands.write_16(t.first, 8), data))
    t.wrote(0, data)
    if t.ask(commands.read_16(t.first, 8), len(data)).data != data:
        raise Misbehaved("READ(16) brings other bytes than WRITE(16) wrote")
    answer = t.ask(commands.READ_CAPACITY_16, 32).data
    if struct.unpack(">QI", answer[:12]) != (t.disk_blocks - 1, t.block_size):
        raise Misbehaved("READ CAPACITY(16) and (10) disagree")
    return ""


def back_to_back(t: Target) -> str:
    for number in range(BACK_TO_BACK):
        t.passed(t.host.command(commands.TEST_UNIT_READY))
        if t.read(number % t.blocks, 1) != t.old(number % t.blocks, 1):
            raise Misbehaved("one of many short reads brings other bytes")
    return "%d commands" % (2 * BACK_TO_BACK)


CHECKS = [
    Check("commands of zero blocks", no_blocks, WRITING),
    Check("allocation length 0", no_allocation),
    Check("long reads in transfers of odd sizes", long_reads, MEDIUM),
    Check("long writes in transfers of odd sizes", long_writes, WRITING),
    Check("commands of 16 bytes", sixteen_byte_commands, WRITING),
    Check("commands in quick succession", back_to_back, MEDIUM),
]
