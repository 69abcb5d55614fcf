"""The ledger: which groups in the arena are not durable yet, told to the process that comes after this one.

A host believes that what was answered is written. When the process dies and its memory does not, the next
one finds there what the ring does not hold yet (survivors.py). FORMAT.md holds the table.

Everything here may be cut short between any two stores, so their order is the argument: an entry says
nothing until its `used` is more than 0; that is stored last, after what it counts; and it is a single
aligned word, which the processor stores whole or not at all.
"""

from array import array

from firmware.log.layout import BLOCK, padded

_MAGIC = 0x4C534F53  # "SOSL"
_VERSION = 1
_MAGIC_AT, _VERSION_AT, _LOG_ID_AT, _SLOTS_AT, _FAILED_AT = 0, 1, 2, 4, 5  # in words, as all here
_LIFE_AT, _NEXT_LIFE_AT, _HEADER = 6, 7, 8
_NUMBER, _BLOCK, _USED, _GENERATION, _ENTRY = 0, 1, 2, 3, 4
_WORD = 4
_LOW, _HALF = 0xFFFFFFFF, 1 << 31


def ledger_size(arena_size: int) -> int:
    """Bytes of the ledger of such an arena: a slot for each block of it, as no group is smaller."""
    return padded((_HEADER + arena_size // BLOCK * _ENTRY) * _WORD)


def private_words(arena_size: int) -> array:
    """Words for the ledger of an arena that nobody else will ever see."""
    return array("I", bytes(ledger_size(arena_size)))


class Entry:
    """What the ledger says of one group: the low 32 bits of its number, its place in the arena, bytes of body.

    `at`: where the entry is.
    """

    def __init__(self, at: int, number: int, place: int, used: int, generation: int):
        self.at = at
        self.number = number
        self.place = place
        self.used = used
        self.generation = generation


class Ledger:
    """`words`: as many 32-bit words as ledger_size() asks for; a store to one of them is one instruction."""

    def __init__(self, words, arena_size: int):
        self._words = words
        self._slots = arena_size // BLOCK
        self._arena_size = arena_size

    # What the last life left

    @property
    def is_blank(self) -> bool:
        """Whether no life has used it."""
        return not self._words[_MAGIC_AT]

    def belongs_to(self, log_id: int, life: int) -> bool:
        """Whether it can be read, speaks of that log and of a journal that had not failed, and was kept by the
        process `life`, the last one that wrote to it, or by the one before while that came up."""
        words = self._words
        return (
            words[_MAGIC_AT] == _MAGIC
            and words[_VERSION_AT] == _VERSION
            and words[_LOG_ID_AT] == log_id & _LOW
            and words[_LOG_ID_AT + 1] == log_id >> 32
            and words[_SLOTS_AT] == self._slots
            and life in (words[_LIFE_AT], words[_NEXT_LIFE_AT])
            and not words[_FAILED_AT]
        )

    def entries(self) -> list:
        """An Entry for every group that has records."""
        words, found = self._words, []
        for at in range(_HEADER, _HEADER + self._slots * _ENTRY, _ENTRY):
            if words[at + _USED]:
                place = words[at + _BLOCK] * BLOCK
                found.append(Entry(at, words[at + _NUMBER], place, words[at + _USED], words[at + _GENERATION]))
        return found

    # What this life leaves

    def expect(self, last: int, life: int) -> None:
        """The superblock of this `life` is about to be written; until then that of the `last` one counts."""
        self._words[_LIFE_AT] = last
        self._words[_NEXT_LIFE_AT] = life

    def begin(self, log_id: int, life: int) -> None:
        """It is about that log from now on, kept by `life`, and names no group."""
        words = self._words
        words[_MAGIC_AT] = 0  # half-made, it is blank
        for at in range(1, _HEADER + self._slots * _ENTRY):
            if words[at]:
                words[at] = 0
        words[_VERSION_AT] = _VERSION
        words[_LOG_ID_AT] = log_id & _LOW
        words[_LOG_ID_AT + 1] = log_id >> 32
        words[_SLOTS_AT] = self._slots
        words[_LIFE_AT] = words[_NEXT_LIFE_AT] = life
        words[_MAGIC_AT] = _MAGIC

    def open(self, group, generation: int) -> None:
        """A new group, without records: it keeps its entry by itself (Group.add) until close().

        The slot was that of a group one lap of the slots before, which gave its memory back long ago.
        """
        words, at = self._words, self._slot(group.number)
        words[at + _USED] = 0
        words[at + _NUMBER] = group.number & _LOW
        words[at + _BLOCK] = group.place % self._arena_size // BLOCK
        words[at + _GENERATION] = generation
        group.tally, group.tally_at = words, at + _USED

    def close(self, number: int) -> None:
        """The group is durable, or nobody was told that it is there: before its memory serves another one."""
        self._words[self._slot(number) + _USED] = 0

    def settle(self, number: int, life: int) -> None:
        """Goes on with it as `life`: closes all groups up to that one, so that only what follows it is named."""
        self._words[_LIFE_AT] = life
        for entry in self.entries():
            if (number - entry.number) & _LOW < _HALF:
                self._words[entry.at + _USED] = 0

    def fail(self) -> None:
        """Storage failed: what is pending was refused to the host since, and must not turn up again."""
        self._words[_FAILED_AT] = 1

    def _slot(self, number: int) -> int:
        return _HEADER + number % self._slots * _ENTRY
