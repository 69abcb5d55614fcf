"""The player: writes durable groups in place, in order. Worker of the player lane.

Groups that are still in the arena are played from there; others are read back from the ring and
checked again. Playing a group twice changes nothing: all its records are absolute.
"""

from firmware.log.layout import MAX_BODY, TRIM, WRITE, Point, records

_BUDGET = 8 << 20  # bytes of the ring to play before telling how far it is


class Player:
    """Plays the groups of `ring`, or of `arena`, onto `disk`."""

    def __init__(self, disk, ring, arena):
        self._disk = disk
        self._ring = ring
        self._arena = arena
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
            yield from self._apply(body)
            point = self._ring.after(point, descriptor)
        return point.number, point.position, point.chain

    def play_resident(self, places: list):
        """Plays groups in the arena: (place of the body, its length) each. They stay there meanwhile."""
        for place, length in places:
            yield from self._apply(self._arena.view(place, length))

    def _apply(self, body):
        for change in list(records(body, self._disk.size)):  # all are looked at before the first is made
            self._change(body, change)
            yield

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
