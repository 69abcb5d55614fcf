"""Section 6.7: the thirteen cases of what host and device may expect of each other.

H is what the host expects by its CBW, D what the device intends by the command; n: no data, i: to the host,
o: from the host. Where the device has less to move than the host, it may end the data phase with a short packet or a
stall or fill it up; where it may stall, it may as well take or send everything. All of these are accepted.
"""

import struct

from tools.usb import commands
from tools.usb.bulk_only import CSW, FLAG_IN, PASSED, PHASE_ERROR, Done, Misbehaved, ended_early, pack_cbw
from tools.usb.checks.check import MEDIUM, WRITING, Check
from tools.usb.checks.target import Target
from tools.usb.wire import FULL

STANDARD_INQUIRY = 36


class Seen:
    """The ways in which a device ended its data phases."""

    def __init__(self):
        self._ways = []

    def add(self, way: str) -> None:
        if way not in self._ways:
            self._ways.append(way)

    def __str__(self):
        return ", ".join(self._ways)


def hn_equals_dn(t: Target) -> str:
    for flags in (0, FLAG_IN):
        tag = t.host.begin(commands.TEST_UNIT_READY, 0, False, flags=flags)
        done = t.host.finish(tag, Done(0, 0, b"", FULL))
        if done.status == PHASE_ERROR or done.residue:
            raise Misbehaved("TEST UNIT READY ends with status %02Xh, residue %d" % (done.status, done.residue))
    return ""


def hn_less_than_di(t: Target) -> str:
    for cdb in (commands.inquiry(STANDARD_INQUIRY), commands.read_10(t.first, 2)):
        for to_host in (True, False):
            t.phase_error(t.host.command(cdb, 0, to_host))
    return ""


def hn_less_than_do(t: Target) -> str:
    for to_host in (True, False):
        t.phase_error(t.host.command(commands.write_10(t.first, 2), 0, to_host))
    t.verify(0, 2)
    return ""


def hi_more_than_dn(t: Target) -> str:
    seen = Seen()
    for length in (1, CSW.size, 512, 1024, t.wire.max_packet - 1, t.wire.max_packet, t.wire.max_packet + 1, 65536):
        _less_to_host(t.host.command(commands.TEST_UNIT_READY, length), b"", seen)
    return str(seen)


def hi_more_than_di(t: Target) -> str:
    seen, inquiry = Seen(), t.ask(commands.inquiry(STANDARD_INQUIRY), STANDARD_INQUIRY).data
    for length in (37, 49, 64, 255, 512, 4096):
        _less_to_host(t.passed(t.host.command(commands.inquiry(STANDARD_INQUIRY), length)), inquiry, seen)
    _less_to_host(t.passed(t.host.command(commands.inquiry(5), STANDARD_INQUIRY)), inquiry[:5], seen)
    # Two blocks end at a packet's end at any speed: the host waits for more unless a zero-length packet follows.
    for more in (100, 1, CSW.size, t.block_size, 2 * t.block_size, 65536):
        done = t.host.command(commands.read_10(t.first, 2), 2 * t.block_size + more)
        _less_to_host(t.passed(done), t.old(0, 2), seen)
    return str(seen)


def _less_to_host(done: Done, intended: bytes, seen: Seen) -> None:
    """Cases 4 and 5: the intended data, residue for the rest, filled up or ended early."""
    what = "%d of %d bytes to the host" % (len(intended), done.length)
    if done.status == PHASE_ERROR:
        raise Misbehaved("%s are called a phase error" % what)
    if done.residue != done.length - len(intended):
        raise Misbehaved("%s leave a residue of %d, it says %d" % (what, done.length - len(intended), done.residue))
    if done.data[: len(intended)] != intended:
        raise Misbehaved("%s: other data than without the surplus" % what)
    if done.moved not in (len(intended), done.length):
        raise Misbehaved("%s: %d come, the residue says %d" % (what, done.moved, len(intended)))
    seen.add("filled up" if done.ending == FULL else ended_early(done.ending))


def hi_equals_di(t: Target) -> str:
    for blocks in (1, 2, 3, 8, 15):
        done = t.ask(commands.read_10(t.first, blocks), blocks * t.block_size)
        if done.residue or done.data != t.old(0, blocks):
            raise Misbehaved("READ of %d blocks brings %d bytes with residue %d, or other ones"
                             % (blocks, done.moved, done.residue))
    return ""


def hi_less_than_di(t: Target) -> str:
    seen = Seen()
    for length in (1, CSW.size, 100, t.wire.max_packet, 2 * t.block_size):
        done = t.host.command(commands.read_10(t.first, 4), length)
        if done.moved and done.ending == FULL and done.data != t.old(0, 4)[:length]:
            raise Misbehaved("the first %d bytes of a longer READ are other ones" % length)
        seen.add(ended_early(done.ending))
        t.phase_error(done)
    return str(seen)


def hi_crosses_do(t: Target) -> str:
    seen = Seen()
    for length in (1, CSW.size, t.wire.max_packet, 2 * t.block_size, 65536):
        done = t.host.command(commands.write_10(t.first, 2), length)
        seen.add(ended_early(done.ending))
        t.phase_error(done)
    t.verify(0, 2)
    return str(seen)


def ho_more_than_dn(t: Target) -> str:
    seen = Seen()
    # The last looks like a command; what comes in a data phase is data.
    decoy = pack_cbw(1, STANDARD_INQUIRY, True, 0, commands.inquiry(STANDARD_INQUIRY))
    lengths = (1, CSW.size, t.wire.max_packet, t.wire.max_packet + 1, 2 * t.wire.max_packet, 65536)
    for data in [bytes(length) for length in lengths] + [decoy]:
        _less_from_host(t.host.send(commands.TEST_UNIT_READY, data), 0, seen)
    return str(seen)


def _less_from_host(done: Done, intended: int, seen: Seen) -> None:
    """Cases 9 and 11: residue for the rest, which is taken or stalled."""
    what = "%d of %d bytes from the host" % (intended, done.length)
    if done.status == PHASE_ERROR:
        raise Misbehaved("%s are called a phase error" % what)
    if done.residue != done.length - intended:
        raise Misbehaved("%s leave a residue of %d, it says %d" % (what, done.length - intended, done.residue))
    seen.add("takes the rest" if done.ending == FULL else ended_early(done.ending))


def ho_crosses_di(t: Target) -> str:
    seen = Seen()
    for cdb in (commands.read_10(t.first, 2), commands.inquiry(STANDARD_INQUIRY)):
        for length in (1, t.wire.max_packet, 1024, 65536):
            done = t.host.send(cdb, bytes(length))
            seen.add("takes all" if done.ending == FULL else ended_early(done.ending))
            t.phase_error(done)
    return str(seen)


def ho_more_than_do(t: Target) -> str:
    seen = Seen()
    for more in (1, CSW.size, 100, t.block_size, 2 * t.block_size, 13 * t.block_size):
        data = t.new(0, 2)
        done = t.passed(t.host.send(commands.write_10(t.first, 2), data + _surplus(t, more)))
        t.wrote(0, data)
        _less_from_host(done, len(data), seen)
        t.verify(0, 16)
    for more in (1, CSW.size, t.wire.max_packet - 8, t.wire.max_packet, 4096) if _knows_unmap(t) else ():
        done = t.passed(t.host.send(commands.UNMAP, commands.UNMAP_NOTHING + bytes(more)))
        _less_from_host(done, len(commands.UNMAP_NOTHING), seen)
    return str(seen)


def _knows_unmap(t: Target) -> bool:
    """The harmless command whose data do not fill a packet."""
    return t.host.send(commands.UNMAP, commands.UNMAP_NOTHING).status == PASSED


def _surplus(t: Target, length: int) -> bytes:
    """Bytes behind what a WRITE of two blocks takes: those that stand there, for a device that writes them as well."""
    return bytes(length) if t.scratch else t.old(2, 14)[:length]


def ho_equals_do(t: Target) -> str:
    for blocks in (1, 2, 3, 8, 15):
        data = t.new(0, blocks)
        done = t.passed(t.host.send(commands.write_10(t.first, blocks), data))
        t.wrote(0, data)
        if done.residue or done.ending != FULL:
            raise Misbehaved("WRITE of %d blocks ends with residue %d, %s" % (blocks, done.residue, done.ending))
        t.verify(0, 16)
    return "" if t.scratch else "rewritten as it was"


def ho_less_than_do(t: Target) -> str:
    seen = Seen()
    for length in (1, CSW.size, 100, t.wire.max_packet, 2 * t.block_size):
        done = t.host.send(commands.write_10(t.first, 4), t.old(0, 4)[:length])
        seen.add("takes all" if done.ending == FULL else ended_early(done.ending))
        t.phase_error(done)
        t.verify(0, 4)
    if _knows_unmap(t):
        t.phase_error(t.host.send(commands.UNMAP, commands.UNMAP_NOTHING[:4]))
    return str(seen)


def failing_commands(t: Target) -> str:
    """Not one of the thirteen, but the commonest reason to move less than was agreed."""
    seen = Seen()
    # As many bytes as the command is about, or more: fewer would be a case 7 or 13 for some.
    for length in (2 * t.block_size, 2 * t.block_size + 1, 8 * t.block_size):
        done = t.host.command(commands.read_10(0xFFFFFFFE, 2), length)
        _failed(done, t)
        _less_to_host(done, b"", seen)
        done = t.host.send(commands.write_10(0xFFFFFFFE, 2), bytes(length))
        _failed(done, t)
        _less_from_host(done, 0, seen)
    return str(seen)


def _failed(done: Done, t: Target) -> None:
    if done.status == PASSED:
        raise Misbehaved("a command beyond the end of the disk passes")
    if done.status == PHASE_ERROR:
        raise Misbehaved("a command beyond the end of the disk ends with a phase error")
    raw = t.host.command(commands.REQUEST_SENSE, 18).data
    sense = commands.Sense(raw)
    if (sense.key, sense.asc, sense.ascq) != (5, 0x21, 0):
        raise Misbehaved("a command beyond the end of the disk fails with %s, not 05h 21h/00h" % sense)


def tags(t: Target) -> str:
    for tag in (0, 1, 0x80000000, 0xFFFFFFFF, struct.unpack("<I", b"USBC")[0], struct.unpack("<I", b"USBS")[0]):
        t.host.next_tag = tag
        t.host.command(commands.inquiry(STANDARD_INQUIRY), STANDARD_INQUIRY)
    return ""


CHECKS = [
    Check("case 1 (Hn = Dn), no data at all", hn_equals_dn),
    Check("case 2 (Hn < Di), the device would send, the host expects nothing", hn_less_than_di, MEDIUM),
    Check("case 3 (Hn < Do), the device would receive, the host sends nothing", hn_less_than_do, WRITING),
    Check("case 4 (Hi > Dn), the host expects data, the device has none", hi_more_than_dn),
    Check("case 5 (Hi > Di), the host expects more than the device sends", hi_more_than_di, MEDIUM),
    Check("case 6 (Hi = Di), reads", hi_equals_di, MEDIUM),
    Check("case 7 (Hi < Di), the host expects less than the device would send", hi_less_than_di, MEDIUM),
    Check("case 8 (Hi <> Do), the host expects data, the device as well", hi_crosses_do, WRITING),
    Check("case 9 (Ho > Dn), the host sends data, the device wants none", ho_more_than_dn),
    Check("case 10 (Ho <> Di), the host sends data, the device as well", ho_crosses_di, MEDIUM),
    Check("case 11 (Ho > Do), the host sends more than the device takes", ho_more_than_do, WRITING),
    Check("case 12 (Ho = Do), writes", ho_equals_do, WRITING),
    Check("case 13 (Ho < Do), the host sends less than the device would take", ho_less_than_do, WRITING),
    Check("reads and writes that fail", failing_commands, MEDIUM),
    Check("every tag comes back", tags),
]
