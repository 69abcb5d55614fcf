"""Planted bugs: each is one line of the firmware made wrong, and the simulator must find it.

`python3 -m tests.sim.mutants [--seeds N] [NAME ...]` prints within how many seeds each was caught. A mutant
replaces something of the firmware by name, and fails loudly when there is nothing of that name any more.
"""

import argparse
import importlib
import multiprocessing
import multiprocessing.pool
import os
import sys

from firmware.link import frames
from firmware.link.greeting import STATUS
from firmware.schedule import WEEK, Schedule
from firmware.status.neighbour import unpack
from tests.sim.pacing import MOST_GROUP
from tests.sim.plan import KINDS, MISFORTUNES
from tests.sim.run import try_seed

MOST_SEEDS = 1000
MUTANTS, FOCUS, BEGIN = {}, {}, {}


def mutant(what: str, begin: int = 1, **focus):
    """Registers a function that plants the bug described by `what`. `focus`: what of a seed's plan is fixed
    for the hunt, so that it does not take thousands of seeds that do something else. `begin`: the seed with which the
    hunt begins, for a bug that few seeds meet."""

    def register(plant):
        MUTANTS[what] = plant
        FOCUS[what] = focus
        BEGIN[what] = begin
        return plant

    return register


def replace(where: str, make) -> None:
    """`where` is "module:name" or "module:Class.name"; `make(old)` returns what takes its place."""
    module, _, path = where.partition(":")
    owner = importlib.import_module("firmware." + module)
    *classes, name = path.split(".")
    for each in classes:
        owner = getattr(owner, each)
    if name not in vars(owner):
        raise AssertionError("there is no %s to plant a bug in; move the mutant to where it is now" % where)
    setattr(owner, name, make(vars(owner)[name]))


class _Shim:
    """Something whose attributes are another's, but for those given."""

    def __init__(self, other, **attributes):
        self._other = other
        self.__dict__.update(attributes)

    def __getattr__(self, name: str):
        return getattr(self._other, name)


def _without_sync(append):
    def unsynced(self, *args):
        ring = self._ring
        deaf = _Shim(ring, storage=_Shim(ring.storage, sync=lambda: None))
        return append(_Shim(self, _ring=deaf), *args)

    return unsynced


def _nothing(old):
    def nothing(*args):
        return
        yield

    return nothing


FULL_RINGS = {"aged": True, "small_rings": True, "swells": True, "disk_size": 2 << 20, "arena": 3 << 20}

SLOW_PLAYER = {**dict.fromkeys(KINDS, 1), "player": 0.03}


# Durability


@mutant("skip the journal's sync")
def _(where="log.scribe:Scribe.append"):
    replace(where, _without_sync)


@mutant("skip the superblock's sync")
def _(where="log.scribe:Scribe.superblock"):
    replace(where, _without_sync)


@mutant("skip the disk's sync at a checkpoint")
def _(where="disk.player:Syncer.sync"):
    replace(where, _nothing)


@mutant("take for durable what a killed process left in the cache")
def _(where="log.recovery:make_durable"):
    replace(where, _nothing)


@mutant("answer a flush before its group is durable")
def _(where="board:Board._confirmed"):
    replace(where, lambda old: lambda self: self.journal.received_number)


@mutant("go on after a failed sync")
def _(where="log.scribe:Scribe.append"):
    def make(append):
        def forgiving(self, groups, chain):
            try:
                yield from append(self, groups, chain)
            except OSError:
                self._ring.storage.sync()  # once more, and then it must be good

        return forgiving

    replace(where, make)


@mutant("trim the ring behind what is played, acknowledged or not", **FULL_RINGS)
def _(where="log.journal:Journal._needed"):
    replace(where, lambda old: lambda self, played: played.position)


@mutant("trim the ring behind what is acknowledged, played or not", begin=110, **FULL_RINGS, speed=SLOW_PLAYER)
def _(where="log.journal:Journal._needed"):
    def make(old):
        return lambda self, played: self.acked.position if self.superblock.retain else played.position

    replace(where, make)


# Order


@mutant("apply a write before its group is durable")
def _(where="disk.volume:Volume.write"):
    def make(write):
        def in_place(self, offset, view):
            taken = write(self, offset, view)
            if taken and len(view):
                self._disk.write(offset, view)
            return taken

        return in_place

    replace(where, make)


@mutant("play a group's records backwards")
def _(where="disk.player:records"):
    replace(where, lambda records: lambda body, size: reversed(list(records(body, size))))


@mutant("say that a group is played when only half of it is")
def _(where="disk.player:records"):
    def make(records):
        def half(body, size):
            found = list(records(body, size))
            return found[: (len(found) + 1) // 2]

        return half

    replace(where, make)


@mutant("lay older groups over newer ones in a read")
def _(where="disk.volume:Volume._lay_over"):
    def make(lay_over):
        return lambda self, view, offset, hits: lay_over(self, view, offset, list(reversed(hits)))

    replace(where, make)


@mutant("lay a group's older writes over its newer ones in a read")
def _(where="disk.volume:lay_over"):
    def make(lay_over):
        return lambda view, start, found, memory: lay_over(view, start, list(reversed(found)), memory)

    replace(where, make)


@mutant("give memory away while its group is not played yet", **FULL_RINGS)
def _(where="log.journal:Journal._dispensable"):
    replace(where, lambda old: lambda self, group: group.number <= self.head.number)


# The link


@mutant("acknowledge a group when it is received")
def _(where="link.receiver:Receiver.filled"):
    def make(filled):
        def early(self):
            taken = filled(self)
            if taken:
                self.durable_number = self.received_number
            return taken

        return early

    replace(where, make)


@mutant("ship a group before it is durable")
def _(where="link.sender:Sender._prepare"):
    from firmware.link.sender import _Prepared
    from firmware.log.layout import Point

    def make(prepare):
        def hasty(self, count, packing):
            prepare(self, count, packing)
            for group in self._journal._batch or ():
                if group.descriptor is not None and group.number == self._next.number + 1 and not self._prepared:
                    self._next = Point(group.number, group.end, group.descriptor.chain)
                    self._prepared.append(_Prepared(group.descriptor, self._next, bytes(group.body())))
                    self._open_bytes += group.used

        return hasty

    def awake(poll):
        def waking(self):
            if self.peer.sends:
                self.peer.part.link.wake()
            return poll(self)

        return waking

    replace(where, make)
    replace("board:Board.poll", awake)


@mutant("lose a group on a reconnection")
def _():
    def forgetful(init):
        def skip(self, link, board, journal, start, *rest):
            if 0 < start.number < journal.head.number:
                start = journal.after(start, journal.peek(start))
            init(self, link, board, journal, start, *rest)

        return skip

    replace("link.sender:Sender.__init__", forgetful)
    replace("link.receiver:Receiver._check_order", lambda old: lambda self, descriptor: None)


@mutant("let a board that was promoted while it greeted take groups", promotes=True, kind="honest", lie="")
def _(where="link.link:Link._still_accepted"):
    replace(where, lambda old: lambda self: not self._overtaken())


@mutant("forget over a restart that this board is fenced")
def _(where="peer:Peer._meet"):
    def make(meet):
        def forgetful(self, peer):
            journal, self._journal = self._journal, _Shim(self._journal, save=lambda: None)
            try:
                meet(self, peer)
            finally:
                self._journal = journal

        return forgetful

    replace(where, make)


# Memory that outlives the process

DYING = {**dict.fromkeys(MISFORTUNES, 0), "kill primary": 9, "power primary": 0.5, "look aside": 1}
DEATHS = {"keeps": True, "kind": "honest", "lie": "", "promotes": False, "chaos": 12, "weights": DYING}
FULL_ARENAS = {**FULL_RINGS, **DEATHS, "speed": {**SLOW_PLAYER, "journal": 0.1}, "chaos_odds": 0.02, "max_age": 1}


@mutant("count a record before its payload is in memory", **DEATHS)
def _(where="log.group:Group.add"):
    from firmware.log.layout import HEADER_SIZE, RECORD_SIZE, pack_record

    def make(add):
        def early(self, kind, start, length, payload=None):
            pack_record(self.memory, HEADER_SIZE + self.used, kind, start, length)
            self.tally[self.tally_at] = self.used + RECORD_SIZE + (0 if payload is None else length)
            return add(self, kind, start, length, payload)

        return early

    replace(where, make)


@mutant("count no record of a group that is still open", **DEATHS)
def _():
    def make(add):
        def uncounted(self, *args):
            tally, self.tally = self.tally, [0] * (self.tally_at + 1)
            try:
                return add(self, *args)
            finally:
                self.tally = tally

        return uncounted

    def sealed(close):
        def counted(self):
            close(self)
            self.tally[self.tally_at] = self.used

        return counted

    replace("log.group:Group.add", make)
    replace("log.group:Group.close", sealed)


@mutant("leave out the last group that survived", **DEATHS)
def _(where="log.survivors:_pending"):
    def make(old):
        def shorter(*args):
            return old(*args)[:-1]

        return shorter

    replace(where, make)


@mutant("leave out a group in the middle of those that survived", **DEATHS)
def _(where="log.survivors:_pending"):
    def make(old):
        def gapped(*args):
            pending = old(*args)
            if len(pending) > 1:
                del pending[0]
            return [(i + 1, entry) for i, (_, entry) in enumerate(pending)]

        return gapped

    replace(where, make)


@mutant("adopt the records of a group in the wrong order", **DEATHS)
def _(where="log.survivors:_group"):
    from firmware.log.layout import COPY, MARK, RECORD_SIZE, WRITE, records

    def make(old):
        def backwards(entry, number, arena, disk_size):
            group = old(entry, number, arena, disk_size)
            body, parts = bytes(group.body()), []
            for kind, start, length, at in records(body, disk_size):
                parts.append(body[at - RECORD_SIZE : at + (length if kind in (WRITE, COPY, MARK) else 0)])
            group.body()[:] = b"".join(reversed(parts))
            return group

        return backwards

    replace(where, make)


@mutant("adopt a group twice, the second time over the one behind it", **DEATHS)
def _(where="log.survivors:find"):
    def make(find):
        def twice(*args):
            verdict, groups = find(*args)
            if len(groups) > 1:
                groups[1].memory, groups[1].used, groups[1].records = (
                    groups[0].memory, groups[0].used, groups[0].records
                )  # fmt: skip
                groups[1].place = groups[0].place
            return verdict, groups

        return twice

    replace(where, make)


@mutant("take a group out of the ledger when it is sealed", **DEATHS)
def _(where="log.journal:Journal.seal"):
    def make(seal):
        def early(self):
            group = self.open
            seal(self)
            if group is not None and self._ledger is not None:
                self._ledger.close(group.number)

        return early

    replace(where, make)


@mutant("adopt what another process than the last one left in memory", begin=440, **DEATHS)
def _(where="log.ledger:Ledger.belongs_to"):
    replace(where, lambda belongs_to: lambda self, log_id, life: True)


@mutant("know only the life before when a second one dies while it comes up", begin=440, **FULL_ARENAS)
def _(where="log.ledger:Ledger.expect"):
    from firmware.log import ledger

    def make(expect):
        def forgetful(self, last, life):
            self._words[ledger._NEXT_LIFE_AT] = life

        return forgetful

    replace(where, make)


@mutant("recover into the arena though there are survivors in it", **DEATHS)
def _(where="startup:_buffer"):
    from firmware.log.layout import MAX_GROUP

    replace(
        where,
        lambda old: lambda arena, ledger: arena.view(0, MAX_GROUP) if arena.size >= MAX_GROUP else old(arena, ledger),
    )


@mutant("serve a host before the survivors are on the disk", **DEATHS)
def _(where="board:Board.__init__"):
    def make(init):
        def hasty(self, settings, remains, *args):
            init(self, settings, remains, *args)
            self.first_number = remains.head.number

        return hasty

    replace(where, make)


@mutant("hand out the memory of survivors again", **DEATHS)
def _(where="log.arena:Arena.resume"):
    replace(where, lambda resume: lambda self, tail, head: None)


@mutant("forget that the survivors lie across the end of the arena", begin=360, **FULL_ARENAS)
def _(where="log.survivors:_unroll"):
    replace(where, lambda unroll: lambda pending, arena_size: None)


@mutant("adopt what a failed journal left behind", keeps=True, kind="errors", lie="", promotes=False, chaos=12)
def _(where="log.ledger:Ledger.fail"):
    replace(where, lambda fail: lambda self: None)


@mutant("forget the survivors when a death interrupts their adoption", begin=100, **DEATHS)
def _(where="log.ledger:Ledger.settle"):
    replace(where, lambda settle: lambda self, number, life: [self.close(number + i) for i in range(self._slots)])


# Marks


@mutant("answer for a mark before its group is durable")
def _(where="marks:Marks.settle"):
    def make(settle):
        def early(self):
            journal = self._journal
            self._journal = _Shim(journal, head=_Shim(journal.head, number=journal.received_number))
            try:
                settle(self)
            finally:
                self._journal = journal

        return early

    def at_once(try_):
        def hasty(self, *args):
            try_(self, *args)
            self.settle()

        return hasty

    replace(where, make)
    replace("marks:Marks._try", at_once)


@mutant("lose a mark when there is something else in its group")
def _(where="disk.volume:Volume.mark"):
    def make(mark):
        def lossy(self, payload):
            group = self._journal.open
            return group.number if group is not None and group.records else mark(self, payload)

        return lossy

    replace(where, make)


@mutant("let writes into a group behind its mark")
def _(where="marks:Marks._try"):
    def make(try_):
        def open_ended(self, *args):
            journal, self._journal = self._journal, _Shim(self._journal, seal=lambda: None)
            try:
                try_(self, *args)
            finally:
                self._journal = journal

        return open_ended

    replace(where, make)


@mutant("say that a mark stands behind the group before its own")
def _(where="disk.volume:Volume.mark"):
    def make(mark):
        def before(self, payload):
            number = mark(self, payload)
            return number - 1 if number is not None and number > 1 else number

        return before

    replace(where, make)


# The first copy


@mutant("copy what a host has changed meanwhile")
def _(where="disk.volume:Volume.disturbed"):
    replace(where, lambda old: False)


@mutant("take a range for a hole though a host's write to it waits")
def _(where="disk.volume:Volume.block_status"):
    def make(block_status):
        def hasty(self, offset, length):
            pending, self._pending = self._pending, []
            try:
                return block_status(self, offset, length)
            finally:
                self._pending = pending

        return hasty

    replace(where, make)


@mutant("call the copy whole one piece too early")
def _(where="pair.copier:Copier._added"):
    def make(added):
        def early(self, length):
            self._journal.open.flags |= self._at + length + self.piece >= self._volume.size
            added(self, length)

        return early

    replace(where, make)


@mutant("tell the superblock of a whole copy only next time")
def _(where="board:Board._copied"):
    def make(copied):
        def late(self, number):
            self.journal.save()
            self.identity.copy_ended(number)

        return late

    replace(where, make)


@mutant("forget over a restart that the copy is whole")
def _(where="startup:recovery"):
    def make(recovery):
        def find_end(*args):
            *found, _ = yield from recovery.find_end(*args)
            return (*found, 0)

        return _Shim(recovery, find_end=find_end)

    replace(where, make)


@mutant("promote a twin with half a copy")
def _(where="pair.promotion:Promotion._refusal"):
    replace(where, lambda old: lambda self, force: "")


# Checksums


@mutant("drop the check of a body in recovery")
def _(where="log.recovery:crc32"):
    replace(where, lambda crc32: _agree)


@mutant("drop the check of a body that arrived")
def _(where="log.scribe:Scribe._check"):
    replace(where, lambda check: lambda *args: None)


@mutant("drop the check of a body that is read back to be played")
def _(where="log.ring:crc32"):
    replace(where, lambda crc32: _agree)


class _Agreeable(int):
    def __eq__(self, other) -> bool:
        return True

    def __ne__(self, other) -> bool:
        return False

    __hash__ = int.__hash__


def _agree(data, value=0):
    return _Agreeable(0)


@mutant("take a torn tail for damage: every group says that it began its batch", begin=220)
def _(where="log.scribe:pack_header"):
    def make(pack_header):
        def alone(buffer, offset, log_id, position, first, descriptor):
            pack_header(buffer, offset, log_id, position, descriptor.number, descriptor)

        return alone

    replace(where, make)


# Rate, quota and reports

HONEST = {"kind": "honest", "lie": "", "promotes": False}
CLOCKED = {**HONEST, "pacing": {"clocked": True, "minute_ms": 50}}
_TO_AND_FRO = Schedule([(at, 4_000_000 if at % 80 else 400_000) for at in range(0, WEEK, 40)], "every 2 s")
CHANGING = {**HONEST, "swells": True, "disk_size": 2 << 20, "chaos": 0, "pacing": {
    **CLOCKED["pacing"], "unset_ms": 0, "schedules": {"primary": _TO_AND_FRO, "twin": _TO_AND_FRO},
    "quotas": {"primary": 0, "twin": 0},
}}  # fmt: skip
_DAY = {"clocked": True, "minute_ms": 50, "left": 2000, "waits_for_midnight": True, "unset_ms": 0, "keep_ms": 0}
SPENT = {**HONEST, "pacing": {**_DAY, "quotas": {"primary": MOST_GROUP, "twin": 0}}}
UNDATED = {**HONEST, "ack": "durable", "pacing": {**SPENT["pacing"], "left": 100_000, "unset_ms": 40_000}}
KEPT_LATE = {**HONEST, "pacing": {**SPENT["pacing"], "keep_ms": 30}}
FULL_DAYS = {**SPENT, **FULL_RINGS, "ack": "local"}
SPENT_TWIN = {**HONEST, "pacing": {**_DAY, "quotas": {"primary": 0, "twin": MOST_GROUP}}}


@mutant("go on at the old rate when it is another one", **CHANGING)
def _(where="link.stream:Stream._follow_cap"):
    replace(where, lambda old: lambda self: None)


@mutant("a change of the rate gives credit without end", **CHANGING)
def _(where="link.pacing:TokenBucket.change"):
    def make(change):
        def generous(self, rate):
            change(self, rate)
            self._credit = 1 << 60

        return generous

    replace(where, make)


@mutant("no cap while the clock is not set", **CLOCKED)
def _(where="schedule:Schedule.strictest"):
    replace(where, lambda old: property(lambda self: 0))


@mutant("a group goes though the quota is used up", **SPENT)
def _(where="pace:Pace.takes"):
    replace(where, lambda old: lambda self, count, urgent, makes_room=False: True)


@mutant("a batch is asked for group by group, and fits each time", **SPENT)
def _(where="link.sender:Sender._pays"):
    def make(old):
        return lambda self, descriptor, behind, size: self.link.pace.takes(0, descriptor.number <= self._board.urgent)

    replace(where, make)


@mutant("what an earlier life sent while nobody knew the day is of no later day", **UNDATED)
def _(where="pace:Pace.restore"):
    def make(restore):
        return lambda self, record: restore(self, record[:3] + (0,))

    replace(where, make)


@mutant("a group goes before it is written down that it does", **KEPT_LATE)
def _(where="pace:Pace._is_kept"):
    def make(is_kept):
        return lambda self, count: is_kept(self, count) or True

    replace(where, make)


@mutant("nobody is told that it is written down", **KEPT_LATE)
def _(where="pace:Pace.kept"):
    replace(where, lambda old: lambda self, record: None)


@mutant("a new day lets nothing go", **SPENT)
def _(where="pace:Pace._turn_to"):
    def make(turn_to):
        def stubborn(self, day):
            used = self.used
            turn_to(self, day)
            self.used = used

        return stubborn

    replace(where, make)


@mutant("a clock that is set back begins a new day", begin=90, **SPENT)
def _(where="pace:Pace._turn_to"):
    def make(turn_to):
        def forgetful(self, day):
            if self._day is not None and day < self._day:
                self.used = 0
            turn_to(self, day)

        return forgetful

    replace(where, make)


@mutant("a clock that is set right again begins a new day", begin=330, **SPENT)
def _(where="pace:Pace._turn_to"):
    def make(turn_to):
        def forgetful(self, day):
            self._newest = 0
            turn_to(self, day)

        return forgetful

    replace(where, make)


@mutant("a restart forgets what the day has used", **SPENT)
def _(where="pace:Pace.restore"):
    replace(where, lambda old: lambda self, record: None)


@mutant("what the day has used is written down behind", begin=300, **SPENT)
def _(where="pace:Pace._step"):
    replace(where, lambda old: property(lambda self: 0))


@mutant("what a host waits for is held back by the quota", **SPENT, ack="durable")
def _(where="peer:Peer.urgent"):
    replace(where, lambda old: property(lambda self: 0))


@mutant("what a full journal must give up is held back by the quota", **FULL_DAYS)
def _(where="log.journal:Journal.must_go"):
    replace(where, lambda old: property(lambda self: 0))


@mutant("all of a full journal goes beyond the quota", **FULL_DAYS)
def _(where="log.journal:Journal.must_go"):
    replace(where, lambda old: property(lambda self: self.head.position if self.full else 0))


@mutant("a twin whose quota is used up acknowledges nothing", **SPENT_TWIN)
def _(where="link.receiver:Receiver.next_frame"):
    def make(next_frame):
        def silent(self, writer):
            return self.link.pace.takes(64, False) and next_frame(self, writer)

        return silent

    replace(where, make)


@mutant("a report goes to a board that never offered to take one", pacing={"reports": "real", "old": "twin"})
def _(where="link.frames:Hello.unpack"):
    def make(unpack_hello):
        def eager(view):
            hello = unpack_hello.__get__(None, frames.Hello)(view)
            hello.capabilities |= STATUS
            return hello

        return eager

    replace(where, make)


@mutant("a report goes before both have agreed", pacing={"reports": "real", "old": ""})
def _(where="link.link:Link._next_of_state"):
    def make(next_of_state):
        def hasty(self, writer):
            if self._ready_due and self.peer.capabilities & STATUS:
                self.peer.capabilities = 0
                writer.control(frames.STATUS, 2)
                return True
            return next_of_state(self, writer)

        return hasty

    replace(where, make)


@mutant("a report that makes no sense ends the link", pacing={"reports": "forged", "old": ""})
def _(where="status.neighbour:Neighbour.hear"):
    def make(hear):
        def strict(self, data):
            unpack(data)
            hear(self, data)

        return strict

    replace(where, make)


@mutant("a board is taken at its word", pacing={"reports": "forged", "old": ""})
def _(where="peer:Peer.reported"):
    def make(reported):
        def believing(self, data):
            reported(self, data)
            if self.neighbour is not None and self.neighbour.shown() is not None:
                self.identity.fenced = self.neighbour.shown()["state"] == "fenced"

        return believing

    replace(where, make)


# Running


def _hunt(what: str, most: int, answer) -> None:
    MUTANTS[what]()
    for seed in range(BEGIN[what], BEGIN[what] + most):
        failure = try_seed(seed, FOCUS[what])[2]
        if failure:
            answer.send((seed, failure))
            return
    answer.send((0, "not caught"))


def hunt(what: str, most: int = MOST_SEEDS) -> tuple:
    """(the seed that caught the mutant, or 0; how it showed). Runs in a process of its own."""
    mine, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_hunt, args=(what, most, its))
    process.start()
    its.close()
    try:
        return mine.recv()
    except EOFError:
        return 0, "the mutant could not be planted"
    finally:
        process.join()


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.sim.mutants")
    parser.add_argument("names", nargs="*", help="parts of the names of mutants")
    parser.add_argument("--seeds", type=int, default=MOST_SEEDS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args(argv)
    chosen = [what for what in MUTANTS if not options.names or any(name in what for name in options.names)]
    survivors = 0
    with multiprocessing.pool.ThreadPool(options.jobs) as pool:
        found = pool.imap(lambda what: hunt(what, options.seeds), chosen)
        for what, (seed, how) in zip(chosen, found, strict=True):
            survivors += not seed
            print("%-75s %s" % (what, "seed %d: %s" % (seed, how[:150]) if seed else "NOT CAUGHT: " + how), flush=True)
    print("%d mutants, %d not caught within %d seeds" % (len(chosen), survivors, options.seeds))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
