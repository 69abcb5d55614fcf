"""Which page of the file holds what, and which one may be overwritten next. No I/O: keeper.py does that.

A page is never written over while it holds the only copy of something that is still wanted. Each kind of page has a
ring of slots. The newest page of a ring grows: it is written again, with more records, into another slot, and only when
that is durable does the slot of the shorter copy count as free. Otherwise the slot with the oldest records goes. So
whatever is cut or torn while a page is written, only what that page had new is lost.
"""

from firmware.status.chronicle.layout import FIRST_SLOT, SLOTS


class Slot:
    """What one page of the file holds: records `first` to `end`, by the `sequence`-th write; first None: nothing."""

    def __init__(self):
        self.first = None
        self.end = 0
        self.sequence = 0

    def hold(self, page) -> None:
        """It holds this page now."""
        self.first, self.end, self.sequence = page.first, page.end, page.sequence

    def forget(self) -> None:
        """What it holds cannot be said."""
        self.first, self.end, self.sequence = None, 0, 0


class Shelf:
    """The slots of one ring."""

    def __init__(self, kind: int):
        self.slots = [Slot() for _ in range(SLOTS[kind])]
        self._kind = kind

    def page_number(self, index: int) -> int:
        """Which page of the file that slot is."""
        return FIRST_SLOT[self._kind] + index

    def victim(self, busy) -> int:
        """The slot to write next; never one of `busy`, those written since the last sync."""
        best, best_rank = None, None
        for index, slot in enumerate(self.slots):
            if index not in busy:
                rank = self._rank(slot, busy)
                if best is None or rank < best_rank:
                    best, best_rank = index, rank
        return best

    def _rank(self, slot: Slot, busy) -> tuple:
        """The lower, the less is lost with it."""
        if slot.first is None:
            return (0, 0)
        for index, other in enumerate(self.slots):
            newer = other.first is not None and other.sequence > slot.sequence and index not in busy
            if newer and other.first <= slot.first and slot.end <= other.end:
                return (1, slot.sequence)
        return (2, slot.first)
