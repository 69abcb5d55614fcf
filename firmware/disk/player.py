"""The player: writes durable groups in place, in order. Worker of the player lane.

Groups that are still in the arena are played from there; others are read back from the ring and
checked again. Playing a group twice changes nothing: all its records are absolute.
"""

from firmware.log.layout import COPIES, COPY, HOLE, MARK, MAX_BODY, TRIM, WRITE, Point, records

_BUDGET = 8 << 20  # bytes of the ring to play before telling how far it is


class Player:
    """Plays the groups of `ring`, or of `arena`, onto `disk`."""

    def __init__(self, disk, ring, arena):
        self._disk = disk
        self._ring = ring
        self._arena = arena
        self._buffer = memoryview(bytearray(MAX_BODY))
        self._own = False
        self._copied = 0  # end of the last record of the first copy

    def play(self, number: int, position: int, chain: int, last: int, own: bool = False):
        """Plays what follows the point (number, position, chain), up to group `last` at most.

        `own`: this board sealed the groups, so its disk holds what they copied from it.
        Returns the new point and how far into the disk the first copy came, as one tuple. Raises Damaged
        for a group that is not what was written (nothing of it is played), and OSError.
        """
        self._own = own
        point = Point(number, position, chain)
        while point.number < last and point.position - position < _BUDGET:
            descriptor, body = self._ring.load(point, self._buffer)
            yield
            yield from self._apply(body)
            point = self._ring.after(point, descriptor)
        return point.number, point.position, point.chain, self._copied

    def play_resident(self, places: list, own: bool = False):
        """Plays groups in the arena: (place of the body, its length) each. They stay there meanwhile.
        Returns how far into the disk the first copy came."""
        self._own = own
        for place, length in places:
            yield from self._apply(self._arena.view(place, length))
        return self._copied

    def _apply(self, body):
        for change in list(records(body, self._disk.size)):  # all are looked at before the first is made
            self._change(body, change)
            yield

    def _change(self, body, change) -> None:
        kind, start, length, at = change
        if kind == MARK:
            return
        if kind in COPIES:
            self._copied = start + length
            if self._own:
                return
        if kind == WRITE or kind == COPY:
            self._disk.write(start, body[at : at + length])
        elif kind == TRIM or kind == HOLE:
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
