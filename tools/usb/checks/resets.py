"""Section 5.3.4 and the bus: a reset at any moment leaves a device that answers, and nothing of what was before."""

from tools.usb import commands
from tools.usb.bulk_only import CSW, PASSED, Done, Misbehaved
from tools.usb.checks.check import MEDIUM, WRITING, Check, Skipped
from tools.usb.checks.target import Target
from tools.usb.wire import FULL, IN, NOTHING, STALL

# How long a device that should say nothing yet is listened to.
SILENCE_MS = 300


def max_lun(t: Target) -> str:
    highest = t.host.max_lun()
    if t.host.max_lun() != highest:
        raise Misbehaved("Get Max LUN answers differently the second time")
    return "highest is %d" % highest


# Moments in which a reset comes: each brings the device there.

def idle(t: Target) -> None:
    pass


def before_data_in(t: Target) -> None:
    t.host.begin(commands.read_10(t.first, t.blocks), t.blocks * t.block_size, True)


def in_data_in(t: Target) -> None:
    before_data_in(t)
    part = t.blocks * t.block_size // 2 // t.wire.max_packet * t.wire.max_packet
    if len(t.host.data_in(part)[0]) != part:
        raise Misbehaved("half of a long read does not come")


def before_csw(t: Target) -> None:
    before_data_in(t)
    t.host.data_in(t.blocks * t.block_size)


def before_data_out(t: Target) -> None:
    t.host.begin(commands.write_10(t.first, t.blocks), t.blocks * t.block_size, False)


def in_data_out(t: Target) -> None:
    before_data_out(t)
    half = t.old(0, t.blocks // 2)
    t.host.data_out(half[: len(half) // t.wire.max_packet * t.wire.max_packet])


def after_data_out(t: Target) -> None:
    before_data_out(t)
    t.host.data_out(t.old(0, t.blocks))


def stopped(t: Target) -> None:
    t.wire.bulk_out(bytes(31), SILENCE_MS)
    t.wire.bulk_in(CSW.size, 3000)


MOMENTS = [
    ("idle", idle, MEDIUM),
    ("before data to the host", before_data_in, MEDIUM),
    ("in the middle of data to the host", in_data_in, MEDIUM),
    ("with a CSW due", before_csw, MEDIUM),
    ("before data from the host", before_data_out, WRITING),
    ("in the middle of data from the host", in_data_out, WRITING),
    ("with all data from the host taken", after_data_out, WRITING),
    ("stopped by an invalid CBW", stopped, MEDIUM),
]


def recovery(name: str, bring_there, needs: int) -> Check:
    def run(t: Target) -> str:
        bring_there(t)
        t.recover()
        t.verify(0, t.blocks)
        return ""

    return Check("reset recovery, " + name, run, needs)


def port_reset(name: str, bring_there, needs: int) -> Check:
    def run(t: Target) -> str:
        bring_there(t)
        t.reset_port()
        t.verify(0, t.blocks)
        return ""

    return Check("USB port reset, " + name, run, needs)


def csw_after_stall(t: Target) -> str:
    """Figure 2: a host that finds Bulk-In halted where the CSW belongs clears that and reads again."""
    tag = t.host.begin(commands.TEST_UNIT_READY, 0, False)
    if not t.wire.halt(IN):
        t.host.read_csw(tag)
        raise Skipped("the device lets no host halt a pipe")
    stalled = t.wire.bulk_in(CSW.size, 3000)[1] == STALL
    t.wire.clear_halt(IN)
    t.host.read_csw(tag)
    return "" if stalled else "the halt that the host set does not show"


def csw_too_early(t: Target) -> str:
    """The CSW follows the data, it does not meet them."""
    data = t.old(0, 8)
    tag = t.host.begin(commands.write_10(t.first, 8), len(data), False)
    half = len(data) // 2 // t.wire.max_packet * t.wire.max_packet
    t.host.data_out(data[:half])
    raw, ending = t.wire.bulk_in(CSW.size, SILENCE_MS)
    if raw or ending != NOTHING:
        raise Misbehaved("Bulk-In reacts (%s) before the host has sent its data" % ending)
    t.host.data_out(data[half:])
    t.passed(t.host.finish(tag, Done(len(data), len(data), b"", FULL)))
    return ""


def cbw_too_early(t: Target) -> str:
    """A host must not send a CBW before the CSW of the last one came. One that does gets both in order, or waits."""
    first = t.host.begin(commands.TEST_UNIT_READY, 0, False)
    tag = t.host.next_tag
    second = t.host.pack(commands.TEST_UNIT_READY, 0, False)
    moved, ending = t.wire.bulk_out(second, SILENCE_MS)
    status, _ = t.host.read_csw(first)
    if ending == STALL:
        t.recover()
        return "it stalls"
    if not moved:
        t.wire.bulk_out(second, 3000)
    if (status, t.host.read_csw(tag)[0]) != (PASSED, PASSED):
        raise Misbehaved("one of two commands on each other's heels fails")
    return "waits for its turn" if moved else "is not taken before"


def deaf_host(t: Target) -> str:
    """A host that sends commands and never asks how they ended must not bring the device down."""
    for number in range(300):
        if t.wire.bulk_out(t.host.pack(commands.inquiry(36), 36, True), SILENCE_MS)[1] != FULL:
            break
    t.recover()
    return "%d commands" % (number + 1)


CHECKS = [
    Check("Get Max LUN", max_lun),
    Check("a CSW is read after a halt", csw_after_stall),
    Check("no CSW before the data are over", csw_too_early, WRITING),
    Check("a CBW before the last CSW was read", cbw_too_early, MEDIUM),
    Check("commands whose data and CSW nobody reads", deaf_host),
]
CHECKS += [recovery(*moment) for moment in MOMENTS]
CHECKS += [port_reset(*moment) for moment in MOMENTS]
