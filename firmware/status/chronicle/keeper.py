"""The worker of the chronicle's lane: opens its file, reads it once, writes pages into it.

It runs where a slow or dying card holds nobody up. Its operations are generators that yield between calls of the
storage; they raise Refused with a sentence for the operator, and OSError.
"""

from firmware.errors import Damaged, Refused
from firmware.status.chronicle.layout import FILE_SIZE, HEADS, KINDS, PAGE, check_head, pack_head, unpack_page
from firmware.status.chronicle.shelf import Shelf

_BLANK = bytearray(PAGE)


class Gone(Refused):
    """The file is another one by now, or none: what it held is lost, and what goes into it is lost, too."""


class Found:
    """What a file holds: its whole `pages`, in no order, and how many were `damaged` (or could not be read)."""

    def __init__(self):
        self.pages = []
        self.damaged = 0


class Keeper:
    """`open_storage()` gives the storage (firmware/ports/storage.py), making the file where there is none."""

    def __init__(self, open_storage):
        self._open_storage = open_storage
        self._storage = None
        self._shelves = {}
        self._sequence = 0

    def read(self):
        """Opens the file and reads it whole; returns Found. Again after an error: from the start."""
        self._close()
        self._storage = self._open_storage()
        if self._storage.size < FILE_SIZE:
            raise Refused("it has %d bytes, but needs %d: name another file" % (self._storage.size, FILE_SIZE))
        self._shelves = {kind: Shelf(kind) for kind in KINDS}
        self._sequence = 0
        yield from self._check_heads()
        found = Found()
        for kind in KINDS:
            yield from self._read_ring(self._shelves[kind], kind, found)
        return found

    def _check_heads(self):
        """One whole head is enough. Where both are blank the file is new; where neither is, it is somebody else's."""
        blank, whole = [], 0
        for number in HEADS:
            page = bytearray(PAGE)
            self._storage.read_into(number * PAGE, memoryview(page))
            yield
            try:
                check_head(page)
                whole += 1
            except Damaged:
                if not any(page):
                    blank.append(number)
        if not whole and len(blank) < len(HEADS):
            raise Refused("it holds something that is not a chronicle: name another file, or delete this one")
        for number in blank:
            self._storage.write(number * PAGE, memoryview(pack_head()))
            yield
        if blank:
            self._storage.sync()
            yield

    def _read_ring(self, shelf, kind: int, found: Found):
        for index, slot in enumerate(shelf.slots):
            page = self._read_page(shelf.page_number(index), found)
            if page is not None and page.kind == kind:
                found.pages.append(page)
                slot.hold(page)
                self._sequence = max(self._sequence, page.sequence)
            yield

    def _read_page(self, number: int, found: Found):
        page = bytearray(PAGE)
        try:
            self._storage.read_into(number * PAGE, memoryview(page))
            return unpack_page(page)
        except (Damaged, OSError):  # it alone is lost
            found.damaged += page != _BLANK
            return None

    def write(self, pages: list):
        """Puts pages on the card and makes them durable; returns the bytes written. After an OSError all is open: the
        sync that failed may have dropped what came before, so the file has to be read anew. Raises Gone, too."""
        if not self._storage.in_place:
            self._close()
            raise Gone("it was deleted, or replaced, while this board kept it")
        busy = {kind: {} for kind in KINDS}
        try:
            for page in pages:
                shelf, written = self._shelves[page.kind], busy[page.kind]
                index = shelf.victim(written)
                self._sequence += 1
                page.sequence = self._sequence
                written[index] = page
                self._storage.write(shelf.page_number(index) * PAGE, memoryview(page.pack()))
                yield
            self._storage.sync()
        except OSError:
            self._close()
            raise
        for kind, written in busy.items():
            for index, page in written.items():
                self._shelves[kind].slots[index].hold(page)
        return len(pages) * PAGE

    def close(self):
        """Lets go of the file."""
        self._close()
        return None
        yield

    def _close(self) -> None:
        storage, self._storage = self._storage, None
        if storage is not None:
            storage.close()
