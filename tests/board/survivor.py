"""A board without any way in for hosts: its own process writes to the volume, and never waits for a flush.

`python3 -m tests.board.survivor FOLDER SEED FIRST`: finds or makes the keeper and the memory, starts the board, says
what survived, writes what the host then sees to FOLDER/seen, and writes on from number FIRST until it is killed; with
0 as FIRST no host comes. Each line on stdout is one word and numbers; one comes before each write and one after it.
"""

import mmap
import os
import random
import sys

from board.keeper import Keeper
from firmware import ports
from firmware.board import Board
from firmware.config import Settings
from firmware.disk.player import Player, Syncer
from firmware.disk.volume import Reader
from firmware.lanes import Lanes
from firmware.link.compressor import Compressor
from firmware.log.ledger import Ledger, ledger_size
from firmware.log.ring import Ring
from firmware.log.scribe import Scribe
from firmware.media import open_media
from firmware.startup import ARENA_SIZE, open_journal
from tests.process.oracle import SECTOR, sector_bytes

DISK_SIZE = 4 << 20
PAGE = 64 << 10


class Clock:
    now_ms = staticmethod(ports.now_ms)
    wall_ms = staticmethod(ports.wall_ms)


def say(*words) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def settings_in(folder: str) -> Settings:
    settings = Settings()
    settings.name, settings.role = "left", "primary"
    settings.disk, settings.disk_size = folder + "/disk", DISK_SIZE
    settings.journal, settings.journal_size = folder + "/journal", 64 << 20
    return settings


def memory_from(keeper) -> tuple:
    size = ARENA_SIZE + ledger_size(ARENA_SIZE)
    descriptor = keeper.kept.get("memory")
    if descriptor is None:
        descriptor = os.memfd_create("sosie")
        os.ftruncate(descriptor, size)
        keeper.put("memory", descriptor)
    memory = memoryview(mmap.mmap(descriptor, size))
    return memory[:ARENA_SIZE], Ledger(memory[ARENA_SIZE:].cast("I"), ARENA_SIZE)


def drive(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


class Host:
    """Reads the whole disk as soon as it may, then writes without end."""

    def __init__(self, board, keeper, loop, folder: str, dice, number: int):
        self._board, self._keeper, self._loop, self._folder = board, keeper, loop, folder
        self._dice, self._number = dice, number
        self._seen = bytearray(board.volume.size)
        self._at = 0
        self._waiting = None

    def come(self) -> None:
        if not self._board.volume.ready:
            self._loop.call_after(1, self.come)
            return
        self._read()

    def _read(self, error=None) -> None:
        assert error is None, error
        view = memoryview(self._seen)
        while self._at < len(view):
            piece = view[self._at : self._at + PAGE]
            self._at += len(piece)
            if not self._board.volume.read(self._at - len(piece), piece, self._read):
                return
        with open(self._folder + "/seen", "wb") as file:
            file.write(self._seen)
        self._keeper.serving()
        say("serves")
        self._write()

    def _write(self, error=None) -> None:
        assert error is None, error
        for _ in range(8):
            self._waiting = self._waiting or self._draw()
            if not self._board.volume.write(*self._waiting):
                self._board.volume.wait_for_room(self._write)
                return
            say("wrote", self._number)
            self._waiting = None
            self._number += 1
        if self._dice.random() < 0.02:
            self._board.volume.flush(lambda error: None)
        self._loop.call_after(self._dice.choice((0, 0, 1)), self._write)


    def _draw(self) -> tuple:
        offset = self._dice.randrange(DISK_SIZE // SECTOR) * SECTOR
        length = min(self._dice.choice((1, 8, 8, 64, 512)) * SECTOR, DISK_SIZE - offset)
        data = b"".join(sector_bytes(self._number, offset // SECTOR + i) for i in range(length // SECTOR))
        say("begins", self._number, offset, length)
        return offset, memoryview(data)


def main(folder: str, seed: int, first: int) -> None:
    settings = settings_in(folder)
    keeper = Keeper.reach(settings.journal) or Keeper.start(settings.journal)
    disk, storage = open_media(settings)  # locked from here on: nobody else is in that memory any more
    memory, ledger = memory_from(keeper)
    remains = drive(open_journal(storage, settings, disk.size, os.urandom, memory, ledger))
    say("survivors", remains.survivors, len(remains.adopted))
    loop = ports.Loop()

    def ring():
        return Ring(storage, remains.superblock)

    player = ports.ProcessLane(Player(disk, ring(), remains.arena), loop, keep=(disk, storage))
    lanes = Lanes(
        journal=ports.ThreadLane(Scribe(ring(), disk.size), loop),
        player=player,
        sync=ports.ThreadLane(Syncer(disk), loop),
        read=ports.ThreadLane(Reader(disk), loop),
        link=ports.ThreadLane(Compressor(storage), loop),
    )
    board = Board(settings, remains, disk, lanes, Clock)
    remains.superblock.retain = False  # no twin: the ring need keep nothing for one
    board.on_failure = lambda sentence: sys.stderr.write(sentence + "\n")
    loop.hook = lambda now: board.poll()
    board.start()
    if first:
        loop.soon(Host(board, keeper, loop, folder, random.Random(seed), first).come)
    loop.run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
