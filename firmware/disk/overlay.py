"""What the groups that are not on the disk yet would change about a read."""

_CHUNK_SHIFT = 16
_WIDE = 1 << 20  # a longer range goes into one list instead of one list for each of its chunks

ZEROES = -1


class Overlay:
    """The ranges that one group writes, in order, findable by place.

    A range is (order, start, end, source): bytes of the disk, and where the data lies in the group's
    memory or ZEROES.
    """

    def __init__(self):
        self._chunks = {}
        self._wide = []
        self._count = 0

    def add(self, start: int, end: int, source: int) -> None:
        """The group's next record sets [start, end)."""
        entry = (self._count, start, end, source)
        self._count += 1
        if end - start > _WIDE:
            self._wide.append(entry)
            return
        chunks = self._chunks
        for chunk in range(start >> _CHUNK_SHIFT, (end - 1 >> _CHUNK_SHIFT) + 1):
            if chunk in chunks:
                chunks[chunk].append(entry)
            else:
                chunks[chunk] = [entry]

    def find(self, start: int, end: int) -> list:
        """The ranges that overlap [start, end), in the order in which they were added."""
        chunks = self._chunks
        found = [entry for entry in self._wide if entry[1] < end and start < entry[2]]
        for chunk in range(start >> _CHUNK_SHIFT, (end - 1 >> _CHUNK_SHIFT) + 1):
            for entry in chunks.get(chunk, ()):
                if entry[1] < end and start < entry[2] and entry not in found:
                    found.append(entry)
        found.sort()
        return found


def lay_over(view, start: int, found: list, memory) -> None:
    """Applies ranges found in a group to `view`, which holds the disk from `start` on."""
    end = start + len(view)
    for _, first, last, source in found:
        low, high = max(first, start), min(last, end)
        if source == ZEROES:
            view[low - start : high - start] = bytes(high - low)
        else:
            at = source + low - first
            view[low - start : high - start] = memory[at : at + high - low]
