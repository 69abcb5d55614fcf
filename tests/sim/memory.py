"""Memory that outlives the process of a board: another process has kept it, as a keeper of descriptors does."""

from array import array

from firmware.log.ledger import Ledger, private_words

STORE = "memory store"


class Words:
    """The words of a ledger as one life stores to them: each store may be the last thing that it does."""

    def __init__(self, words, power):
        self._words, self._power = words, power

    def __getitem__(self, at: int) -> int:
        return self._words[at]

    def __setitem__(self, at: int, value: int) -> None:
        self._words[at] = value
        self._power.store()


class KeptMemory:
    """An arena of `size` bytes in `buffer`, and its ledger. `failed`: its last life took no more writes."""

    def __init__(self, buffer, size: int):
        self.buffer, self.size = buffer, size
        self.failed = False
        self._words = private_words(size)

    @property
    def arena(self) -> memoryview:
        return memoryview(self.buffer)[: self.size]

    def ledger(self, power) -> Ledger:
        return Ledger(Words(self._words, power), self.size)

    def clone(self) -> "KeptMemory":
        other = KeptMemory(bytearray(self.arena), self.size)
        other._words = array("I", self._words)
        return other
