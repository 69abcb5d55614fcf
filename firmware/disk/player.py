"""The player: writes durable groups in place, in order. Worker of the player lane.

It reads them back from the ring and checks them again, so what reaches a disk is what the journal
would give after a power cut. Playing a group twice changes nothing: all its records are absolute.
"""

from firmware.log.layout import MAX_BODY, TRIM, WRITE, Point, records

_BUDGET = 8 << 20  # bytes of the ring to play before telling how far it is


class Player:
    """Plays the groups of `ring` onto `disk`."""

    def __init__(self, disk, ring):
        self._disk = disk
        self._ring = ring
        self._buffer = memoryview(bytearray(MAX_BODY))

    def play(self, number: int, position: int, chain: int, last: int):
        """Plays what follows the point (number, position, chain), up to group `last` at most.

        Returns the new point as a tuple. Raises Damaged for a group that is not what was written
        (nothing of it is played), and OSError.
        """
        point = Point(number, position, chain)
        while point.number < last and point.position - position < _BUDGET:
            descriptor, body = self._ring.load(point, self._buffer)
            yield
            for change in list(records(body, self._disk.size)):
                self._change(body, change)
                yield
            point = self._ring.after(point, descriptor)
        return point.number, point.position, point.chain

    def _change(self, body, change) -> None:
        kind, start, length, at = change
        if kind == WRITE:
            self._disk.write(start, body[at : at + length])
        elif kind == TRIM:
            self._disk.trim(start, length)
        else:
            self._disk.zero(start, length)


class Syncer:
    """Worker of the lane that syncs the disk while the player goes on."""

    def __init__(self, disk):
        self._disk = disk

    def sync(self):
        """Everything that was played when this began is durable when it ends."""
        self._disk.sync()
        return
        yield
