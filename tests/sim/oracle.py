"""The oracle: what a disk may hold, told from the host's side alone. It shares no code with the firmware.

It keeps the operations that the primary accepted, in order, and which group each went into. The state
after the first k of them is prefix k. Whatever a board shows after a power cut must be a prefix that ends
with a group, never a mixture, and never one that is shorter than what was promised or longer than what
exists.

Numbers of writes are never used twice, so a write that the primary lost and that turns up later is
recognised wherever it lies.
"""

from tests.sim.content import SECTOR, describe, payload, tags

WRITE, ZERO, TRIM = "write", "zero", "trim"


ANY = 1 << 64


class Violation(Exception):
    """A promise is broken; the message says which and how it shows."""


class Operation:
    """One accepted host operation. `number` is that of a write, 0 for zeroes and trims."""

    __slots__ = ("data", "end", "kind", "number", "offset")

    def __init__(self, kind: str, offset: int, length: int, number: int):
        self.kind, self.offset, self.end, self.number = kind, offset, offset + length, number
        self.data = payload(number, offset, length) if kind == WRITE else bytes(length)

    def __repr__(self) -> str:
        name = "write %d" % self.number if self.number else self.kind
        return "%s at %d+%d" % (name, self.offset, self.end - self.offset)


class _Replay:
    """The image of one prefix, moving forward only."""

    def __init__(self, size: int):
        self.at = 0
        self.image = bytearray(size)

    def forward(self, operations: list, k: int) -> None:
        for operation in operations[self.at : k]:
            self.image[operation.offset : operation.end] = operation.data
        self.at = max(self.at, k)


class Oracle:
    """Judges what hosts and boards show of a disk of `size` bytes."""

    def __init__(self, size: int):
        self.size = size
        self.operations = []
        self.flushed = 0  # the first `flushed` operations are promised to survive
        self.flushed_there = 0  # and these on the twin as well (ack = durable)
        self.next_number = 1
        self.current = bytearray(size)  # what a host of the primary sees
        self._index = {}  # number of a write -> how long the shortest prefix with it is
        self._groups = []  # (group, operations up to its end), ascending in both
        self._newest_group = ANY
        self._flushed_base = _Replay(size)
        self._twin_base = _Replay(size)
        self._initial = bytes(size)  # what the disk held before the first operation
        self._before = None  # how many operations, and which groups, there were before one that is undecided

    def begin_with(self, writes: list) -> None:
        """The disk held these writes already when the pair was made."""
        for write in writes:
            self._index[write.number] = 0
            self.current[write.offset : write.end] = write.data
        self._initial = bytes(self.current)
        for base in (self._flushed_base, self._twin_base):
            base.image = bytearray(self._initial)

    # What the host did

    def new_write(self, offset: int, length: int) -> Operation:
        """A write with the next number; it counts once accepted() is told."""
        operation = Operation(WRITE, offset, length, self.next_number)
        self.next_number += 1
        return operation

    def accepted(self, operation: Operation, group: int) -> None:
        """The primary took `operation` into the group of that number."""
        self.operations.append(operation)
        k = len(self.operations)
        if operation.number:
            self._index[operation.number] = k
        self.current[operation.offset : operation.end] = operation.data
        if self._groups and self._groups[-1][0] == group:
            self._groups[-1] = (group, k)
        else:
            self._groups.append((group, k))

    def undecided(self, operation: Operation, group: int) -> None:
        """The primary died while it took `operation`: nobody was told, so it may be there or not, but never half."""
        self._before = len(self.operations), list(self._groups)
        self.accepted(operation, group)

    @property
    def answered(self) -> int:
        """How many operations the host was told of."""
        return len(self.operations) if self._before is None else self._before[0]

    def flush_done(self, k: int, there: bool = False) -> None:
        """A flush that began when k operations were accepted was answered with success.

        `there`: success was to mean that the twin has them durably.
        """
        self.flushed = max(self.flushed, k)
        if there:
            self.flushed_there = max(self.flushed_there, k)

    def log_ends(self, group: int) -> None:
        """The primary has restarted, or a twin took over, and says that its log ends with `group`: numbers behind it
        are given anew, perhaps to groups without any operation of a host. Until that host looks, no such number means
        anything."""
        self._newest_group = min(self._newest_group, group)

    def prefix_of_group(self, group: int) -> int:
        """How many operations the groups up to `group` hold."""
        k = 0
        for number, end in self._groups:
            if number > min(group, self._newest_group):
                break
            k = end
        return min(k, self.answered)

    # What a read shows

    def check_read(self, offset: int, data, since: int) -> None:
        """`data` was read by a command that began when `since` operations were accepted and ended now."""
        end = offset + len(data)
        if self.current[offset:end] == data:
            return
        later = [o for o in self.operations[since:] if o.offset < end and offset < o.end]
        before = None
        for at in range(0, len(data), SECTOR):
            sector, place = bytes(data[at : at + SECTOR]), offset + at
            if sector == self.current[place : place + SECTOR]:
                continue
            touching = [o for o in later if o.offset <= place < o.end]
            if any(o.data[place - o.offset : place - o.offset + SECTOR] == sector for o in touching):
                continue
            if touching:
                before = before or self._image_at(since)
                if before[place : place + SECTOR] == sector:
                    continue
            raise Violation(
                "a read of sector %d shows %s, the host last wrote %s"
                % (place // SECTOR, describe(sector), describe(self.current[place : place + SECTOR]))
            )

    # What a board shows after a restart

    def primary_recovered(self, image, everything: bool = False) -> int:
        """The primary shows `image` after a restart: the log is cut to the prefix that it is.

        `everything`: only its process had died, so all that was answered must be there, flushed or not. What a
        host reads after a restart is what was durable when it came.
        """
        k = self.check_primary(image, "the primary after its restart", everything)
        if k > self.answered and self._image_at(self.answered) == image:
            k = self.answered  # what was undecided shows nothing: as good as not done
        self._cut(k)
        self.flushed = k
        if self.current != image:
            raise AssertionError("the oracle lost its way")
        return k

    def check_primary(self, image, what: str, everything: bool = False) -> int:
        """A copy of the primary was restarted aside: which prefix it shows. Changes nothing."""
        if everything:
            base = _Replay(self.size)
            base.image[:] = self._initial
            return self.locate(image, self.answered, what, base)
        return self.locate(image, self.flushed, what, self._flushed_base)

    def check_twin(self, image, group: int, what: str, most=None) -> int:
        """The twin shows `image`: which prefix it is.

        It had acknowledged groups up to `group`; it may not hold more than the first `most` operations.
        """
        low = max(self.prefix_of_group(group), self.flushed_there)
        return self.locate(image, low, what, self._twin_base, most)

    def twin_took_over(self, image, group: int) -> int:
        """The twin is promoted and shows `image`: it is the primary from now on, its content is the truth."""
        k = self.check_twin(image, group, "the promoted twin")
        self.flushed = 0
        self._cut(k)
        return k

    def check_equal(self, left, right) -> None:
        """Everything is drained: both images are all that was accepted."""
        for image, who in ((left, "the primary's disk"), (right, "the twin's disk")):
            if image != self.current:
                raise Violation("all is drained, but " + self._difference(self.current, image, who))

    def locate(self, image, low: int, what: str, base: _Replay, most=None) -> int:
        """The longest prefix from `low` to `most` that equals `image`; raises Violation when there is none."""
        base.forward(self.operations, min(low, len(self.operations)))
        newest = self._newest(image, what)
        trial = _Replay(0)
        trial.at, trial.image = base.at, bytearray(base.image)
        found, start = -1, max(low, newest)
        last = self._last_candidate(start)
        for k in self._boundaries(start, last if most is None else min(last, most)):
            trial.forward(self.operations, k)
            if trial.image == image:
                found = k
        if found < 0:
            self._explain(image, low, start, what, most)
        return found

    def _boundaries(self, first: int, last: int) -> list:
        """The lengths of prefixes from `first` to `last` that end where a group ends."""
        ends = [0] + [end for _, end in self._groups]
        if self._before is not None:
            ends = sorted([*ends, self._before[0]])
        return [k for k in ends if first <= k <= last]

    def _newest(self, image, what: str) -> int:
        newest = 0
        for number in set(tags(image)):
            if number and number not in self._index:
                self._unknown(image, number, what)
            newest = max(newest, self._index.get(number, 0))
        return newest

    def _unknown(self, image, number: int, what: str) -> None:
        sector = tags(image).index(number)
        found = describe(image[sector * SECTOR : (sector + 1) * SECTOR])
        raise Violation("%s holds in sector %d %s, which the primary does not have" % (what, sector, found))

    def _last_candidate(self, k: int) -> int:
        """Beyond the newest write in an image only prefixes whose later writes are zeroed again can fit."""
        zeroed = [(i, o) for i, o in enumerate(self.operations) if i >= k and not o.number]
        for i in range(k, len(self.operations)):
            o = self.operations[i]
            if o.number and not any(j > i and z.offset <= o.offset < z.end for j, z in zeroed):
                return i
        return len(self.operations)

    def _explain(self, image, low: int, k: int, what: str, most) -> None:
        if most is not None and k > most:
            raise Violation("%s holds %d operations, the primary could lose all behind %d" % (what, k, most))
        wanted = self._image_at(k)
        if wanted == image:
            raise Violation("%s holds %d operations: it ends in the middle of a group" % (what, k))
        promised = "" if k > low else " (promised: the first %d operations)" % low
        raise Violation(
            "%s is no prefix of whole groups: against the first %d of %d operations%s, %s"
            % (what, k, len(self.operations), promised, self._difference(wanted, image, "it"))
        )

    def _difference(self, wanted, image, who: str) -> str:
        bad = [
            s
            for s in range(self.size // SECTOR)
            if wanted[s * SECTOR : (s + 1) * SECTOR] != image[s * SECTOR : (s + 1) * SECTOR]
        ]
        shown = [
            "sector %d: %s, not %s"
            % (s, describe(image[s * SECTOR : (s + 1) * SECTOR]), describe(wanted[s * SECTOR : (s + 1) * SECTOR]))
            for s in bad[:3]
        ]
        return "%s differs in %d sectors: %s" % (who, len(bad), "; ".join(shown))

    def _image_at(self, k: int) -> bytearray:
        replay = _Replay(0)
        replay.image = bytearray(self._initial)
        replay.forward(self.operations, k)
        return replay.image

    def _cut(self, k: int) -> None:
        for operation in self.operations[k:]:
            self._index.pop(operation.number, None)
        del self.operations[k:]
        if self._before is not None and k <= self._before[0]:
            self._groups = self._before[1]
        self._before = None
        known = self._newest_group
        self._groups = [(group, end) for group, end in self._groups if end <= k and group <= known]
        if known != ANY and k > (self._groups[-1][1] if self._groups else 0):
            # What the lost groups changed shows nowhere: their numbers are given anew, so it counts as done before.
            if self._groups and self._groups[-1][0] == known:
                self._groups.pop()
            self._groups.append((known, k))
        self._newest_group = ANY
        self.flushed, self.flushed_there = min(self.flushed, k), min(self.flushed_there, k)
        for base in (self._flushed_base, self._twin_base):
            if base.at > k:
                base.at, base.image = 0, bytearray(self._initial)
        self.current = self._image_at(k)
