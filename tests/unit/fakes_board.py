"""A whole board on memory storage; what its lanes do is run by the test."""

from firmware import startup
from firmware.board import Board
from firmware.config import Settings
from firmware.disk.player import Player, Syncer
from firmware.disk.volume import Reader
from firmware.lanes import Lanes
from firmware.link.compressor import Compressor
from firmware.log.scribe import Scribe
from tests.unit.fakes_storage import ManualLane, MemoryStorage, drive

MIB = 1 << 20


class Clock:
    """Both clocks of a board, moved by the test."""

    def __init__(self):
        self.ms = 1000
        self.offset_ms = 1700000000000

    def now_ms(self):
        return self.ms

    def wall_ms(self):
        return self.offset_ms + self.ms


def _random_bytes(count):
    return b"r" * count


class Rig:
    """A fresh board of `role`, or one that finds what the Rig `before` has left."""

    def __init__(self, role, journal_size=8 * MIB, ack="local", before=None):
        settings = Settings()
        settings.name, settings.role, settings.ack = role, role, ack
        settings.peer = settings.listen = ("tcp", "the other board", 7411)
        self.disk = MemoryStorage(MIB) if before is None else before.disk
        self.journal = MemoryStorage(journal_size) if before is None else before.journal
        memory = bytearray(10 * MIB)
        remains = drive(startup.open_journal(self.journal, settings, self.disk.size, _random_bytes, memory))
        self.lanes = Lanes(
            journal=ManualLane(Scribe(remains.ring, self.disk.size)),
            player=ManualLane(Player(self.disk, remains.ring, remains.arena)),
            sync=ManualLane(Syncer(self.disk)),
            read=ManualLane(Reader(self.disk)),
            link=ManualLane(Compressor(self.journal)),
        )
        self.clock = Clock()
        self.board = Board(settings, remains, self.disk, self.lanes, self.clock)
        self.board.start()

    def run(self, *lanes):
        """Runs the lanes (all of them) until they have nothing to do."""
        lanes = lanes or (self.lanes.journal, self.lanes.player, self.lanes.sync, self.lanes.read, self.lanes.link)
        while any(lane.jobs for lane in lanes):
            for lane in lanes:
                lane.run()
            self.board.poll()

    def wait(self, ms, *lanes):
        """Time passes, as in a loop that sleeps until the board wants to be called."""
        end = self.clock.ms + ms
        while self.clock.ms < end:
            due = self.board.poll()
            self.clock.ms = end if due is None else min(end, max(due, self.clock.ms + 1))
            self.run(*lanes)
        self.board.poll()
