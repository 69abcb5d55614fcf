"""The disk under test: what it is, where the checks read and write, and what must stand there."""

import os
import struct

from tools.usb import commands
from tools.usb.bulk_only import FAILED, PASSED, PHASE_ERROR, Done, Host, Misbehaved
from tools.usb.checks.check import MEDIUM, WRITING, Skipped

# More than what a device may do in one piece, and not a whole number of packets at super speed.
AREA_BYTES = (1 << 20) + 33 * 512
MOST_ATTENTIONS = 4


class Target:
    """A LUN of a device and one area of a little more than 1 MiB on it.

    Without `scratch` the area lies in the middle of the disk, and only what was read there is ever written there.
    With `scratch` = (first block, blocks) it begins there, and random bytes are written into it.
    """

    def __init__(self, host: Host, scratch: "tuple[int, int] | None" = None):
        self.host, self.wire, self.scratch = host, host.wire, scratch
        self.block_size = self.disk_blocks = self.first = self.blocks = 0
        self.content = bytearray()
        self.no_medium, self.no_writing = "not looked at yet", None

    def prepare(self) -> None:
        """Looks at the disk and reads the area; raises Misbehaved."""
        self.recover()
        sense = self._attend()
        self.no_medium = "the disk is not ready (%s)" % sense if sense else None
        if sense:
            return
        self._measure()
        header = self.ask(commands.MODE_SENSE_6, 4).data
        if len(header) > 2 and header[2] & commands.WRITE_PROTECTED:
            self.no_writing = "the disk is write-protected"
        self.content = bytearray(self.read(0, self.blocks))
        if not self.no_writing:
            self._try_writing()

    def _measure(self) -> None:
        last, self.block_size = struct.unpack(">II", self.ask(commands.READ_CAPACITY_10, 8).data)
        if last == 0xFFFFFFFF:
            last, self.block_size = struct.unpack(">QI", self.ask(commands.READ_CAPACITY_16, 32).data[:12])
        if not self.block_size:
            raise Misbehaved("READ CAPACITY says that blocks have no bytes")
        self.disk_blocks, wanted = last + 1, AREA_BYTES // self.block_size
        if self.scratch:
            self.first, wanted = self.scratch[0], min(self.scratch[1], wanted)
            if self.first + wanted > self.disk_blocks:
                raise Skipped("the scratch range ends behind the disk, which has %d blocks" % self.disk_blocks)
        else:
            self.first = max(0, (self.disk_blocks - wanted) // 2 // 8 * 8)
        self.blocks = min(wanted, self.disk_blocks)
        if self.blocks < 16:
            raise Skipped("the checks want 16 blocks in a row")

    def _try_writing(self) -> None:
        """Writes one block back. A board that takes no writes (a twin, fenced, full) says so here."""
        done = self.host.send(commands.write_10(self.first, 1), self.old(0, 1))
        if done.status == FAILED:
            self.no_writing = "the disk takes no writes (%s)" % self._sense()

    def admit(self, needs: int) -> None:
        """Raises Skipped when the disk cannot do what a check needs."""
        if needs >= MEDIUM and self.no_medium:
            raise Skipped(self.no_medium)
        if needs >= WRITING and self.no_writing:
            raise Skipped(self.no_writing)

    # ---- commands that must succeed

    def ask(self, cdb, length: int, urbs: "tuple[int, ...]" = ()) -> Done:
        """A read that must pass."""
        return self.passed(self.host.command(cdb, length, True, urbs))

    def passed(self, done: Done) -> Done:
        """`done`, which must have status 00h; otherwise its sense is told."""
        if done.status == FAILED:
            raise Misbehaved("a command fails: %s" % self._sense())
        if done.status != PASSED:
            raise Misbehaved("a command that host and device agree about ends with a phase error")
        return done

    def read(self, offset: int, blocks: int) -> bytes:
        """The content `offset` blocks into the area."""
        length = blocks * self.block_size
        data = self.ask(commands.read_10(self.first + offset, blocks), length).data
        if len(data) != length:
            raise Misbehaved("READ of %d bytes brings %d" % (length, len(data)))
        return data

    def _sense(self) -> commands.Sense:
        return commands.Sense(self.host.command(commands.REQUEST_SENSE, 18).data)

    # ---- what stands in the area

    def old(self, offset: int, blocks: int) -> bytes:
        """What must stand there now."""
        return bytes(self.content[offset * self.block_size : (offset + blocks) * self.block_size])

    def new(self, offset: int, blocks: int) -> bytes:
        """What a check may write there: what stands there already, or random bytes in a scratch range."""
        return os.urandom(blocks * self.block_size) if self.scratch else self.old(offset, blocks)

    def wrote(self, offset: int, data: bytes) -> None:
        """`data` was written `offset` blocks into the area and was accepted."""
        self.content[offset * self.block_size : offset * self.block_size + len(data)] = data

    def verify(self, offset: int, blocks: int) -> None:
        """Reads it; what differs from what must stand there is put back and told."""
        if self.read(offset, blocks) == self.old(offset, blocks):
            return
        self.host.send(commands.write_10(self.first + offset, blocks), self.old(offset, blocks))
        raise Misbehaved("what stands on the disk is not what was written there last (put back: block %d, %d blocks)"
                         % (self.first + offset, blocks))

    # ---- keeping the device in a known state

    def phase_error(self, done: Done) -> None:
        """Section 6.7: host and device disagree, which is status 02h; then the host recovers."""
        if done.status != PHASE_ERROR:
            raise Misbehaved("the status is %02Xh where 02h (phase error) belongs" % done.status)
        self.recover()

    def recover(self) -> None:
        """Reset recovery; the device must answer afterwards."""
        self.host.reset_recovery()
        self.look_after()

    def reset_port(self) -> None:
        """A USB port reset; the device must answer afterwards."""
        self.wire.reset()
        self._attend()

    def look_after(self) -> None:
        """One command in step: finds what an earlier one left in a pipe."""
        try:
            self._attend()
        except Misbehaved as why:
            raise Misbehaved("the next command after it: %s" % why)

    def _attend(self) -> "commands.Sense | None":
        """TEST UNIT READY until no unit attention is left; None when ready, otherwise why not."""
        for _ in range(MOST_ATTENTIONS):
            done = self.host.command(commands.TEST_UNIT_READY)
            if done.status == PASSED:
                return None
            if done.status == PHASE_ERROR:
                raise Misbehaved("TEST UNIT READY ends with a phase error")
            sense = self._sense()
            if sense.key != commands.UNIT_ATTENTION:
                return sense
        raise Misbehaved("it reports one unit attention after the other")
