"""A raw host of the USB Mass Storage Class Bulk-Only Transport, revision 1.0 ("BOT"), over a Wire.

It takes nothing for granted: whatever the device does that the standard does not allow raises Misbehaved.
"""

import itertools
import struct

from tools.usb.wire import BABBLE, FULL, IN, NOTHING, OUT, SHORT, STALL, Wire

# Section 5.1: signature, tag, transfer length, flags, LUN, length of the command block, command block.
CBW = struct.Struct("<IIIBBB16s")
CBW_SIGNATURE = 0x43425355
FLAG_IN = 0x80
# Section 5.2: signature, tag, residue, status.
CSW = struct.Struct("<IIIB")
CSW_SIGNATURE = 0x53425355

PASSED, FAILED, PHASE_ERROR = 0, 1, 2
STATUS_NAMES = {PASSED: "00h (passed)", FAILED: "01h (failed)", PHASE_ERROR: "02h (phase error)"}

# Sections 3.1 and 3.2: class requests to the interface.
RESET_REQUEST, GET_MAX_LUN = 0xFF, 0xFE
CLASS_OUT, CLASS_IN = 0x21, 0xA1

PATIENCE_MS = 15000


class Misbehaved(Exception):
    """The device did what the standard does not allow; the message is one sentence about it."""


def pack_cbw(tag, length, to_host, lun, cdb, **wrong) -> bytes:
    """A command block wrapper; `wrong` puts other values into signature=, flags=, lun_bits= or cdb_length=."""
    flags = wrong.get("flags", FLAG_IN if to_host else 0)
    return CBW.pack(wrong.get("signature", CBW_SIGNATURE), tag, length, flags, wrong.get("lun_bits", lun),
                    wrong.get("cdb_length", len(cdb)), bytes(cdb))


class Done:
    """A command after its CSW. `moved`: bytes in the data phase; `data`: those that came; `ending`: how it ended."""

    def __init__(self, length, moved, data, ending):
        self.length, self.moved, self.data, self.ending = length, moved, data, ending
        self.status, self.residue = None, None


class Host:
    """Speaks to one mass-storage interface. `interface` is its number; lengths are in bytes."""

    def __init__(self, wire: Wire, interface: int = 0, lun: int = 0):
        self.wire, self.interface, self.lun = wire, interface, lun
        self.next_tag = 0x50530000

    def command(self, cdb, length: int = 0, to_host: bool = True, urbs: "tuple[int, ...]" = ()) -> Done:
        """A command that expects `length` bytes from the device, or none. `urbs`: the sizes of its transfers, over and
        over; one transfer when there are none."""
        tag = self.begin(cdb, length, to_host)
        done = Done(length, 0, b"", FULL)
        if length:
            done.data, done.ending = self.data_in(length, urbs)
            done.moved = len(done.data)
            _refuse_csw_as_data(tag, done.data)
        return self.finish(tag, done)

    def send(self, cdb, data, urbs: "tuple[int, ...]" = ()) -> Done:
        """A command that gives `data` to the device."""
        tag = self.begin(cdb, len(data), False)
        moved, ending = self.data_out(data, urbs)
        return self.finish(tag, Done(len(data), moved, b"", ending))

    def begin(self, cdb, length: int, to_host: bool, **wrong) -> int:
        """Sends the CBW; the tag of the command."""
        tag = self.next_tag
        moved, ending = self.wire.bulk_out(self.pack(cdb, length, to_host, **wrong), PATIENCE_MS)
        if ending != FULL or moved != CBW.size:
            raise Misbehaved("it does not take a CBW (%s)" % ending)
        return tag

    def pack(self, cdb, length: int, to_host: bool, **wrong) -> bytes:
        """The CBW with the next tag."""
        tag, self.next_tag = self.next_tag, self.next_tag + 1 & 0xFFFFFFFF
        return pack_cbw(tag, length, to_host, self.lun, cdb, **wrong)

    def data_in(self, length: int, urbs: "tuple[int, ...]" = ()) -> "tuple[bytes, str]":
        """The data phase of a read; a stall that ends it is cleared (section 6.7.2)."""
        parts, left, ending, sizes = [], length, FULL, itertools.cycle(urbs or (length,))
        while left and ending == FULL:
            part, ending = self.wire.bulk_in(min(left, next(sizes)), PATIENCE_MS)
            parts.append(part)
            left -= len(part)
        if ending == STALL:
            self.wire.clear_halt(IN)
        elif ending == NOTHING:
            raise Misbehaved("it sends no more than %d of %d bytes, and does not end the transfer either"
                             % (length - left, length))
        elif ending == BABBLE:
            raise Misbehaved("it sends more than the %d bytes that the host asked for" % length)
        return b"".join(parts), ending

    def data_out(self, data, urbs: "tuple[int, ...]" = ()) -> "tuple[int, str]":
        """The data phase of a write; a stall that ends it is cleared (section 6.7.3)."""
        view, moved, ending, sizes = memoryview(data), 0, FULL, itertools.cycle(urbs or (len(data),))
        while moved < len(view) and ending == FULL:
            count, ending = self.wire.bulk_out(view[moved : moved + next(sizes)], PATIENCE_MS)
            moved += count
        if ending == STALL:
            self.wire.clear_halt(OUT)
        elif ending == NOTHING:
            raise Misbehaved("it takes no more than %d of %d bytes" % (moved, len(view)))
        return moved, ending

    def finish(self, tag: int, done: Done) -> Done:
        """Reads the CSW of `tag` and completes `done` with it."""
        done.status, done.residue = self.read_csw(tag)
        if done.status != PHASE_ERROR and done.residue > done.length:
            raise Misbehaved("the residue %d is larger than the %d bytes asked for" % (done.residue, done.length))
        return done

    def read_csw(self, tag: int, timeout_ms: int = PATIENCE_MS) -> "tuple[int, int]":
        """(status, residue) of the command `tag`. A first stall is cleared, a second is wrong (figure 2)."""
        raw, ending = self.wire.bulk_in(CSW.size, timeout_ms)
        if ending == STALL and not raw:
            self.wire.clear_halt(IN)
            raw, ending = self.wire.bulk_in(CSW.size, timeout_ms)
        if ending == BABBLE:
            raise Misbehaved("more than 13 bytes come where the CSW belongs: data are left over")
        if ending == NOTHING:
            raise Misbehaved("no CSW comes")
        if ending == STALL:
            raise Misbehaved("it stalls again where the CSW belongs")
        return parse_csw(raw, tag)

    def reset_recovery(self) -> None:
        """Section 5.3.4: the class request, then both halts."""
        self.reset_request()
        self.wire.clear_halt(IN)
        self.wire.clear_halt(OUT)

    def reset_request(self) -> None:
        """Bulk-Only Mass Storage Reset alone (section 3.1)."""
        if self.wire.control(CLASS_OUT, RESET_REQUEST, 0, self.interface, b"") is None:
            raise Misbehaved("it refuses Bulk-Only Mass Storage Reset")

    def max_lun(self) -> int:
        """Get Max LUN (section 3.2); a device with one LUN may stall it."""
        answer = self.wire.control(CLASS_IN, GET_MAX_LUN, 0, self.interface, 1)
        if answer is None:
            return 0
        if len(answer) != 1 or answer[0] > 15:
            raise Misbehaved("it answers Get Max LUN with %r, not with one byte from 0 to 15" % answer)
        return answer[0]


def parse_csw(raw: bytes, tag: int) -> "tuple[int, int]":
    """(status, residue) of a CSW that must be valid and meaningful (section 6.3); raises Misbehaved."""
    if len(raw) != CSW.size:
        what = "a zero-length packet comes" if not raw else "%d bytes come" % len(raw)
        raise Misbehaved("%s where the CSW of 13 bytes belongs" % what)
    signature, its_tag, residue, status = CSW.unpack(raw)
    if signature != CSW_SIGNATURE:
        raise Misbehaved("what comes where the CSW belongs has not its signature")
    if its_tag != tag:
        raise Misbehaved("the CSW has the tag %08x, the command had %08x" % (its_tag, tag))
    if status not in STATUS_NAMES:
        raise Misbehaved("the CSW has the status %02Xh, which does not exist" % status)
    return status, residue


def _refuse_csw_as_data(tag: int, data: bytes) -> None:
    if len(data) >= CSW.size and data[-CSW.size :].startswith(struct.pack("<II", CSW_SIGNATURE, tag)):
        raise Misbehaved("the CSW comes inside the data: a transfer that ends early, at a packet's end, "
                         "wants a zero-length packet or a stall")


def ended_early(ending: str) -> str:
    """How a data phase ended, for a reader."""
    return {FULL: "all bytes moved", SHORT: "short packet", STALL: "stall"}[ending]
