"""The arena: preallocated memory that groups are gathered or received in, first in, first out."""


class Arena:
    """A circular buffer in `memory` (writable, as the runtime gives it) whose allocations are contiguous.

    An allocation is named by its place, a count of bytes that never wraps; `view(place, length)`
    is its memory. Space comes back in the order in which it was handed out.
    """

    def __init__(self, memory):
        self._view = memoryview(memory)
        self.size = len(self._view)
        self._head = 0
        self._tail = 0

    def allocate(self, length: int) -> "int | None":
        """A place for `length` bytes, or None while older allocations are in the way."""
        place = self._head
        left = self.size - place % self.size
        if left < length:
            place += left
        if place + length - self._tail > self.size:
            return None
        self._head = place + length
        return place

    def shrink(self, place: int, length: int) -> None:
        """Gives back what the newest allocation has beyond `length`."""
        self._head = place + length

    def release(self, place: int, length: int) -> None:
        """The oldest allocation is not needed any more."""
        self._tail = place + length

    def resume(self, tail: int, head: int) -> None:
        """What lies from place `tail` to `head` was handed out by somebody before us."""
        self._tail, self._head = tail, head

    def view(self, place: int, length: int) -> memoryview:
        """Its memory."""
        offset = place % self.size
        return self._view[offset : offset + length]
