"""One simulated board: its media, and the firmware that runs on them from one power-on to the next cut."""

from firmware import startup
from firmware.board import Board
from firmware.config import Settings
from firmware.dialer import Dialer
from firmware.disk.player import Player, Syncer
from firmware.disk.volume import Reader
from firmware.errors import Damaged, Refused
from firmware.lanes import Lanes
from firmware.link.compressor import Compressor
from firmware.log.arena import Arena
from firmware.log.layout import BLOCK, COPIED
from firmware.log.scribe import Scribe
from firmware.schedule import DAY
from tests.sim.lane import SimLane
from tests.sim.medium import Medium
from tests.sim.memory import KeptMemory
from tests.sim.meter import NOTICED_MS, Patience, Purse
from tests.sim.oracle import Violation
from tests.sim.storage import NO_FAULTS, Power, SimStorage

OFF, BOOTING, UP, REFUSED = "off", "booting", "up", "refused"
RECOVERS_IN = 12 << 20  # bytes of memory; a board then works in a part of it, so that it gets scarce
TIMER = "timer of a board"
PUT_OFF_MS = 10  # more than the time for which a board gathers what it could do at once
LANES = ("journal", "player", "sync", "read", "link")
_BEGIN_MS = 1_700_000_000_000


class Clock:
    """One board's clocks; the wall clock may be wrong."""

    def __init__(self, world, skew_ms: int):
        self._world = world
        self.skew_ms = skew_ms
        self.shift = 0  # minutes by which local time is wrong
        self.moved_ms = -NOTICED_MS  # when that was changed
        self.ahead_ms = 0  # of the world, in whose time a copy that is looked at has none to wait

    def shift_to(self, minutes: int) -> None:
        self.shift, self.moved_ms = minutes, self._world.now_us // 1000

    @property
    def was_moved(self) -> bool:
        """Whether the board may not have noticed it yet."""
        return self._world.now_us // 1000 - self.moved_ms < NOTICED_MS

    def now_ms(self) -> int:
        return self._world.now_us // 1000 + self.ahead_ms

    def wall_ms(self) -> int:
        return max(0, _BEGIN_MS + self._world.now_us // 1000 + self.skew_ms)

    def local_minute(self, wall_ms: int) -> int:
        return self._world.plan.pacing.local_minute(wall_ms - self.skew_ms - _BEGIN_MS) + self.shift

    def minute_of(self, later_ms: int) -> int:
        """The local minute some ms from now."""
        return self.local_minute(self.wall_ms() + later_ms)


class SimBoard:
    """`world` gives now_us; `random` draws what storage and power do. `disk` and `journal` are Media."""

    def __init__(self, world, random, name: str, role: str, plan):
        self.world, self.random, self.plan = world, random, plan
        self.name, self.role = name, role
        self.disk, self.journal = Medium(plan.disk_size), Medium(plan.journal_sizes[role])
        self.faults = {"disk": NO_FAULTS, "journal": NO_FAULTS}
        self.clock = Clock(world, random.choice((0, 0, -3_600_000, 90_000)))
        self.state, self.refusal = OFF, None
        self.power = self.board = self._boot = self._arena = self._kept = None
        self._late = None  # memory that this life did not find, and the next one will
        self.lanes, self.storages = {}, {}
        self.poll_at = None
        self.lives = 0
        self.span_flips = 0.0
        self.most_flips = 6  # without an end to them no large group might ever get through
        self.last_group = 0
        self.batch_ends = 0, 0  # of the last but one, of the last
        self.lied_to = False  # its storage did not do what it said
        self._saw_the_end = not plan.used  # of the first copy
        self.alone = False  # a copy that is looked at, not a part of the world
        self.rate, self.quota = plan.pacing.schedules[role], plan.pacing.quotas[role]
        self.quota_record = plan.pacing.record(role, self.clock.minute_of(0) // DAY)
        self.purse = Purse(self)
        self.patience = Patience(self)

    def settings(self) -> Settings:
        settings = Settings()
        settings.name, settings.role = self.name, self.role
        settings.ack, settings.max_age = self.plan.ack, self.plan.max_age
        settings.rate, settings.quota = self.rate, self.quota
        settings.peer = settings.listen = ("tcp", "the other board", 7411)
        return settings

    # Power

    def power_on(self, fuse=None) -> None:
        self.lives += 1
        self.power = Power(fuse, self)
        self.state, self.refusal, self.board = BOOTING, None, None
        self.storages = {"disk": self._storage("disk"), "journal": self._storage("journal")}
        self._boot = startup.open_journal(
            self.storages["journal"], self.settings(), self.disk.size, self.random.randbytes, *self._memory()
        )

    def _memory(self) -> tuple:
        """Memory for an arena, as an earlier life left it: making it anew takes longer than most boots.
        And where memory is kept, its ledger: of the last life of this board, or blank."""
        pool = self.world.memory
        if self._arena is None:
            self._arena = pool.pop() if pool else bytearray(RECOVERS_IN)
        if not self.plan.keeps:
            return (self._arena,)
        self._kept = self._kept or KeptMemory(self._arena, self.plan.arena)
        return self._kept.arena, self._kept.ledger(self.power)

    def _storage(self, which: str) -> SimStorage:
        plan = self.plan
        return SimStorage(
            getattr(self, which), self.power, self.random, self.faults[which], plan.trims, plan.maps, plan.misses, which
        )

    def power_off(self, mode: int = -1) -> int:
        """Power is lost: un-synced writes are lost, kept or torn. Returns how many were torn."""
        self.kill()
        self.forget()
        return self.disk.cut(self.random, mode) + self.journal.cut(self.random, mode)

    def forget(self) -> None:
        """Its memory is gone."""
        if self._arena is not None:
            self.world.memory.append(self._arena)
        self._arena = self._kept = self._late = None

    def lose_sight(self) -> None:
        """The next life does not find what the last one had in memory; the one after it does, and too late."""
        late = self._arena, self._kept
        self._arena = None
        self.forget()
        self._late = late

    @property
    def is_without_memory(self) -> bool:
        """Whether what this life has in memory is not kept."""
        return not self.plan.keeps or self._late is not None

    def kill(self) -> None:
        """The process dies; what it wrote stays in the caches, and its memory where it is kept."""
        late = self._late
        if self._kept is not None and self.state == UP:
            self._kept.failed = self.failed
        if self.is_without_memory:
            self.forget()
        if late:
            self._arena, self._kept = late
        self.power.on = False
        self.state = OFF
        self._boot, self.lanes, self.poll_at = None, {}, None

    # Steps

    def steps(self, now_ms: int) -> list:
        """What can happen now, as (lane or kind, function)."""
        if self.state == BOOTING:
            return [("boot", self.boot_step)]
        if self.state != UP:
            return []
        steps = []
        for name, lane in self.lanes.items():
            if lane.can_step:
                steps.append((name, lane.step))
            if lane.can_finish:
                steps.append(("done", lane.finish))
        if self.poll_at is not None and self.poll_at <= now_ms:
            steps.append(("timer", self.nothing))
        return steps

    def nothing(self) -> None:
        """The event is only that time has passed: poll() follows every event."""

    def boot_step(self) -> None:
        try:
            next(self._boot)
        except StopIteration as end:
            self._run(end.value)
        except (Damaged, Refused, OSError) as error:
            self.state, self.refusal = REFUSED, error

    def _run(self, remains) -> None:
        if not self.plan.keeps:
            remains.arena = Arena(memoryview(self._arena)[: self.plan.arena])
        if self.plan.aged and not remains.adopted:  # it has gone round before, and is close to its end
            place = remains.arena.size - self.random.randrange(0, 2 << 20, BLOCK)
            remains.arena.resume(place, place)
        disk, journal = self.storages["disk"], self.storages["journal"]
        workers = (
            Scribe(remains.ring, disk.size), Player(disk, remains.ring, remains.arena), Syncer(disk), Reader(disk),
            Compressor(journal),
        )  # fmt: skip
        self.lanes = {name: SimLane(worker, name == "player") for name, worker in zip(LANES, workers, strict=True)}
        self.board = Board(self.settings(), remains, disk, Lanes(**self.lanes), self.clock)
        self.board.copier.piece = self.plan.copy_piece
        self._set_pace()
        self.state = UP
        if not self.alone:
            self.world.log_found(self, remains.head.number + len(remains.adopted))
            self.world.memory_found(self, remains.survivors, self._kept)
            self.world.count("groups adopted", len(remains.adopted))
            self.world.count("arenas adopted across their end", _wraps(remains))
        self.batch_ends = 0, self.board.journal.head.position
        self.last_group = self.board.journal.head.number
        self.board.start()
        if not self.alone:
            Dialer(self.board, self._dial, self._call_after, self.random.random).start()
        self.poll()

    def _set_pace(self) -> None:
        pacing, pace, peer = self.plan.pacing, self.board.pace, self.board.peer
        peer.report = pacing.report(peer.report)
        if pacing.reports == "none" or pacing.old == self.role:
            peer.neighbour = None
            peer.reported = self._was_told
        if self.alone:
            return
        self.purse.born()
        self.board.clock_set = self.clock_is_set
        if self.quota_record is not None:
            pace.restore(self.quota_record)
        pace.keep = self._keep_quota if not pacing.keep_ms else self._keep_quota_later

    def _was_told(self, data: bytes) -> None:
        raise Violation("%s never offered to take a report, and gets one" % self.name)

    def _keep_quota(self, record: tuple) -> None:
        newest = record[0] if self.quota_record is None else max(record[0], self.quota_record[0])
        self.quota_record = (newest,) + record[1:]
        self.board.pace.kept(record)

    def _keep_quota_later(self, record: tuple) -> None:
        """It takes a while, and may never be done."""
        self._call_after(self.plan.pacing.keep_ms, lambda: self._keep_quota(record))

    @property
    def clock_is_set(self) -> bool:
        return self.world.now_us // 1000 >= self.plan.pacing.unset_ms

    def _dial(self, make_conversation, on_failed) -> None:
        self.world.dial(self, make_conversation, self._alive(on_failed))

    def _call_after(self, delay_ms: int, call) -> None:
        self.world.after(delay_ms, TIMER, self._alive(call))

    def _alive(self, call):
        """`call`, unless this life of the board is over by then."""
        life = self.lives

        def call_if_alive(*args):
            if self.up and self.lives == life:
                call(*args)
                self.poll()

        return call_if_alive

    def poll(self) -> None:
        """Follows every event of this board."""
        if self.state == UP:
            self.board.clock_set = self.clock_is_set
            self.poll_at = self.board.poll()

    # What is asked of it

    @property
    def up(self) -> bool:
        return self.state == UP

    @property
    def failed(self) -> bool:
        """The journal is the first to know: a process may die before it has told the board."""
        return self.state == REFUSED or (self.state == UP and (self.board.failed or self.board.journal.failed))

    def group_of_last(self) -> int:
        """The group that the last accepted host operation is in."""
        group = self.board.journal.open
        return group.number if group is not None else self.board.journal.received_number

    def read_span(self, position: int, length: int) -> bytes:
        """What sendfile takes from the journal."""
        view = memoryview(bytearray(length))
        self.storages["journal"].read_into(position, view)
        if self.span_flips and self.most_flips > 0 and self.random.random() < self.span_flips:
            self.most_flips -= 1
            self.world.count("bits flipped on their way to the wire")
            view[self.random.randrange(length)] ^= 1 << self.random.randrange(8)
        return bytes(view)

    def note_batch(self) -> None:
        """Remembers where the last batches ended: damage before the last one must be noticed."""
        head, size = self.board.journal.head, self.board.journal.ring.size
        if head.position != self.batch_ends[1]:
            self.world.count("wraps of the ring", head.position // size - self.batch_ends[1] // size)
            self.world.count("groups", head.number - self.last_group)
            self.world.count("batches of several groups", head.number - self.last_group > 1)
            self.batch_ends, self.last_group = (self.batch_ends[1], head.position), head.number

    def ends_the_copy(self) -> bool:
        """Whether the group that makes the first copy whole is on its way into the ring, and was not before."""
        if self._saw_the_end or not any(group.flags & COPIED for group in self.board.journal._batch or ()):
            return False
        self._saw_the_end = True
        return True

    def flip_at_rest(self) -> bool:
        """Changes one bit of a group that is in the log, before the last batch; False: there is none."""
        block = self.board.journal.superblock
        first = min(block.played.position, block.acked.position) if block.retain else block.played.position
        end = self.batch_ends[0]
        if first < block.durable.position < end and self.random.random() < 0.5:
            end = block.durable.position  # recovery does not read it: whoever does must notice
        if first >= end:
            return False
        at = self.board.journal.ring.offset(self.random.randrange(first, end))
        self.journal.flip(at * 8 + self.random.randrange(8))
        return True

    def drain_lanes(self) -> None:
        """Runs all that the board does by itself, in no particular order of interest."""
        while self.state == BOOTING:
            self.boot_step()
        self._drain()
        if self.alone and self.state == UP:
            self.clock.ahead_ms += PUT_OFF_MS
            self.poll()
            self._drain()

    def _drain(self) -> None:
        busy = True
        while busy and self.state == UP:
            busy = False
            for lane in self.lanes.values():
                while lane.can_step:
                    busy = True
                    lane.step()
                while lane.can_finish:
                    busy = True
                    lane.finish()
            self.poll()

    def image(self) -> bytes:
        """What the disk's medium holds now, cache included."""
        return self.disk.read(0, self.disk.size)

    def aside(self, mode=None, with_memory: bool = False) -> "SimBoard":
        """A copy of this board as it would come up after a power cut (`mode`) or a kill (None) now,
        booted and at rest, without host or link. `with_memory`: its memory is kept."""
        copy = SimBoard(self.world, self.random, self.name, self.role, self.plan)
        copy.disk, copy.journal = self.disk.clone(), self.journal.clone()
        if mode is not None:
            copy.disk.cut(self.random, mode)
            copy.journal.cut(self.random, mode)
        if with_memory:
            copy._kept = self._kept.clone()
            copy._arena = copy._kept.buffer
        copy.alone = True
        copy.power_on()
        copy.drain_lanes()
        return copy


def _wraps(remains) -> bool:
    """Whether what was adopted lies across the end of the arena."""
    offsets = [group.place % remains.arena.size for group in remains.adopted]
    return offsets != sorted(offsets)
