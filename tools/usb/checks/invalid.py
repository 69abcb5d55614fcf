"""Sections 6.2, 6.6.1 and 5.3.4: a CBW that is not valid stops the device until reset recovery."""

from tools.usb import commands
from tools.usb.bulk_only import CBW, CSW, CSW_SIGNATURE, PASSED, Misbehaved, pack_cbw, parse_csw
from tools.usb.checks.check import Check, Skipped
from tools.usb.checks.target import Target
from tools.usb.wire import IN, NOTHING, OUT, STALL

# A device that does not answer goes on not answering: how long that is watched.
SILENCE_MS = 400
# A device needs a moment to see that a CBW is wrong.
STALL_MS = 3000
TAG = 0x5EED


def _valid(**wrong) -> bytes:
    return pack_cbw(TAG, 0, False, 0, commands.TEST_UNIT_READY, **wrong)


def not_valid(name: str, make) -> Check:
    """`make(max_packet)` gives the bytes in place of a CBW; the device must stall (section 6.6.1)."""

    def run(t: Target) -> str:
        t.wire.bulk_out(make(t.wire.max_packet), STALL_MS)
        raw, ending = t.wire.bulk_in(CSW.size, STALL_MS)
        if ending != STALL or raw:
            raise Misbehaved("Bulk-In does not stall (%s)" % _what_came(raw, ending))
        return _stays_stopped(t)

    return Check("not a CBW: " + name, run)


def not_meaningful(name: str, **wrong) -> Check:
    """Section 6.2.2: the standard leaves open what a device does with such a CBW, see _refused."""

    def run(t: Target) -> str:
        return _refused(t, _valid(**wrong))

    return Check("a CBW without meaning: " + name, run)


def _refused(t: Target, cbw: bytes) -> str:
    """To stop as for a CBW that is not valid is fine, to fail the command as well; to carry it out is not."""
    t.wire.bulk_out(cbw, STALL_MS)
    raw, ending = t.wire.bulk_in(CSW.size, STALL_MS)
    if ending == STALL and not raw:
        return _stays_stopped(t)
    if ending == NOTHING:
        raise Misbehaved("it neither stalls nor answers")
    status, _ = parse_csw(raw, TAG)
    if status == PASSED:
        raise Misbehaved("the command is carried out")
    t.recover()
    return "fails with status %02Xh" % status


def _what_came(raw: bytes, ending: str) -> str:
    return "%d bytes come" % len(raw) if raw else ending


def _stays_stopped(t: Target) -> str:
    """Bulk-In has stalled. Nothing but reset recovery may bring the device back."""
    if _reaction(t) != STALL:
        raise Misbehaved("its Bulk-In pipe does not stay halted")
    for _ in range(2):  # the first CBW may be swallowed and the second one answered
        t.wire.clear_halt(IN)
        t.wire.clear_halt(OUT)
        ending = _reaction(t)
        if ending not in (STALL, NOTHING):
            raise Misbehaved("CLEAR_FEATURE(HALT) alone brings it back, without Bulk-Only Mass Storage Reset")
    t.host.reset_recovery()
    t.look_after()
    return "stalled" if ending == STALL else "stalled, and silent after CLEAR_FEATURE(HALT)"


def _reaction(t: Target) -> str:
    """How Bulk-In ends when a stopped device gets a good CBW. Bulk-Out may stall, take it or be silent."""
    t.wire.bulk_out(_valid(), SILENCE_MS)
    return t.wire.bulk_in(CSW.size, SILENCE_MS)[1]


def absent_lun(t: Target) -> str:
    """A LUN that Get Max LUN does not announce."""
    lun = t.host.max_lun() + 1
    if lun > 15:
        raise Skipped("there are 16 LUNs")
    return _refused(t, pack_cbw(TAG, 0, False, lun, commands.TEST_UNIT_READY))


def short_command_block(t: Target) -> str:
    """Opcodes whose rest the CBW does not carry. Any answer is one, but there must be one."""
    seen = []
    for opcode in (0x00, 0x12, 0x28, 0x2A, 0x42, 0x55, 0x9E, 0xA3, 0xFF):
        t.wire.bulk_out(pack_cbw(TAG, 0, False, 0, bytes([opcode])), STALL_MS)
        raw, ending = t.wire.bulk_in(CSW.size, STALL_MS)
        if ending == NOTHING:
            raise Misbehaved("it neither stalls nor answers to opcode %02Xh alone" % opcode)
        way = "stalled" if ending == STALL else "status %02Xh" % parse_csw(raw, TAG)[0]
        if way not in seen:
            seen.append(way)
        t.recover()
    return ", ".join(seen)


def halt_survives_reset(t: Target) -> str:
    """Section 3.1: the reset leaves the halts as they are; the host clears them."""
    t.wire.bulk_out(_valid(signature=0), STALL_MS)
    for when in ("an invalid CBW", "Bulk-Only Mass Storage Reset"):
        if t.wire.bulk_in(CSW.size, STALL_MS)[1] != STALL:
            raise Misbehaved("Bulk-In does not stall after %s" % when)
        t.host.reset_request()
    t.recover()
    return ""


CHECKS = [
    not_valid("wrong signature", lambda packet: _valid(signature=0x43425354)),
    not_valid("the signature of a CSW", lambda packet: _valid(signature=CSW_SIGNATURE)),
    not_valid("1 byte", lambda packet: _valid()[:1]),
    not_valid("30 bytes", lambda packet: _valid()[:30]),
    not_valid("32 bytes", lambda packet: _valid() + bytes(1)),
    not_valid("one full packet", lambda packet: _valid() + bytes(packet - CBW.size)),
    not_valid("two full packets", lambda packet: _valid() + bytes(2 * packet - CBW.size)),
    not_meaningful("reserved bits of bCBWLUN", lun_bits=0xF0),
    not_meaningful("command block of 0 bytes", cdb_length=0),
    not_meaningful("command block of 17 bytes", cdb_length=17),
    not_meaningful("reserved bits of bCBWCBLength", cdb_length=0x26),
    not_meaningful("reserved bits of bmCBWFlags", flags=0x01),
    not_meaningful("the obsolete bit of bmCBWFlags", flags=0x40),
    Check("a CBW without meaning: a LUN that is not there", absent_lun),
    Check("a CBW without meaning: commands of one byte", short_command_block),
    Check("Bulk-Only Mass Storage Reset leaves the halts", halt_survives_reset),
]
