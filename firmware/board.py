"""One board: wires journal, volume, playback and peer together. Pure logic, no sockets, no clock of its own.

The path of a group: gathered from the host (or received), appended and synced in the ring, then played
onto the disk and, on a primary, shipped. Each step starts only when the one before has ended.
"""

from firmware.disk.volume import Volume
from firmware.errors import Damaged, Refused, why
from firmware.log.journal import Journal
from firmware.marks import Marks
from firmware.pace import Pace
from firmware.pair.copier import Copier
from firmware.pair.identity import PRIMARY, TWIN
from firmware.pair.judge import refusal_of_hosts
from firmware.pair.promotion import Promotion
from firmware.peer import Peer
from firmware.playback import Playback
from firmware.status.conditions import Since
from firmware.status.events import Events, Hosts
from firmware.status.facts import facts
from firmware.status.forecast import Forecast, Growth
from firmware.status.fullness import Fullness
from firmware.status.health import UNKNOWN
from firmware.status.neighbour import Neighbour, pack
from firmware.status.oldest import Oldest
from firmware.status.snapshot import snapshot

LOOK_EVERY_MS = 20  # poll() comes with every host command, and nothing it looks for is more urgent
# A host that flushes every few KiB makes thousands of groups a second. They are played and shipped some at a
# time, when so much has gathered or so long after the last time: each turn costs as much as a group does.
GATHER_BYTES = 256 << 10
GATHER_MS = 3


class Board:
    """A running board.

    `remains` comes from startup.open_journal, `disk` is the disk's storage, `clock` has now_ms() and
    wall_ms(). `start()` first, then `poll()` after every event.
    """

    def __init__(self, settings, remains, disk, lanes, clock):
        self.settings = settings
        self.identity = remains.identity
        self.clock = clock
        self.version = ""  # of the firmware, for whoever looks
        self.started_ms = clock.now_ms()
        self.growth = Growth()
        self.health = UNKNOWN  # put here by whoever reads the sensors
        self.forecast = Forecast()  # of the next day, put here by whoever foresees it
        self.since = Since()
        self.chronicle = None  # what it remembers across restarts, put here by whoever keeps it
        self.failure = None
        self.on_failure = None  # called once with the sentence
        self.pairing = None  # a Pairing, where there is a keys folder
        self.events = Events(clock.wall_ms, clock.now_ms)
        self.hosts = Hosts(self.events.note)
        self.alarms = {}  # of those outside, who cannot do their part: source -> sentence
        self.doubts = {}  # of those outside, who cannot tell yet: source -> name of a condition
        self.journal = self._make_journal(remains, lanes)
        self.fullness = Fullness(self.journal, self.events.note)
        self.volume = Volume(disk, lanes.read, self.journal, clock.now_ms)
        self.volume.confirmed = self._confirmed
        self.volume.wanted = self._commit_wanted
        self.playback = Playback(self.identity, self.journal, lanes, clock.now_ms)
        self.playback.on_played = self._played
        self.playback.on_saved = self._room
        self.playback.on_failed = lambda error: self.fail(error, "disk %s" % settings.disk)
        self.pace = Pace(settings.rate, settings.quota, clock)
        self.pace.changed = self._pace_changed
        self.pace.note = self.events.note
        self.peer = Peer(self.identity, self.journal, lanes.link, settings, self._closed_to_groups, self.pace)
        self.peer.waited_for = lambda: self.volume.flush_waits_for
        self.peer.neighbour = self.neighbour = Neighbour(clock.now_ms, lambda: self.journal.head.number)
        self.peer.report = self._report
        self.peer.moved = self._advance
        self.peer.fenced = self._fenced
        self.peer.note = self.events.note
        self.marks = Marks(self.identity, self.journal, self.volume, self.events.note)
        self.copier = Copier(self.identity, self.journal, self.volume, clock.now_ms, lambda: self.peer.sends)
        self._look_at_ms = 0
        self._gathered_from = self.journal.head.position
        self._gathered_at_ms = 0
        self._gather_due_ms = None
        self._promotion = None
        self._stopped = None
        self._adopted = remains.adopted
        self.first_number = remains.head.number + len(remains.adopted)
        self.oldest = Oldest(self.journal, clock, self.first_number)

    def _make_journal(self, remains, lanes) -> Journal:
        journal = Journal(
            remains.ring, lanes.journal, remains.arena, remains.superblock, remains.head, self.clock.wall_ms,
            remains.ledger,
        )  # fmt: skip
        journal.generation = self.identity.generation
        journal.label = self.identity.pack
        journal.on_copied = self._copied
        journal.on_durable = self._durable
        journal.on_failed = self._append_failed
        return journal

    # Life

    @property
    def failed(self) -> bool:
        """Whether storage failed: the board takes no more writes."""
        return self.failure is not None

    @property
    def serving(self) -> bool:
        """Whether this board does what it is there for: its host can use the disk; as a twin, or fenced, it runs."""
        who = self.identity
        if self.failed or self._stopped is not None:
            return False
        return who.role != PRIMARY or who.fenced or not (self.volume.refusal or "usb" in self.alarms)

    @property
    def dials(self) -> bool:
        """Whether this board is the one that connects to its peer."""
        return self.identity.role == PRIMARY and self.settings.peer is not None and self._stopped is None

    def start(self) -> None:
        """Plays what the last run left behind; a primary's host may attach when that is done."""
        who = self.identity
        self.events.note("%s started as %s, generation %d" % (who.name, who.role, who.generation))
        self._set_refusal()
        adopted, self._adopted = self._adopted, []
        self.journal.adopt(adopted)
        self.playback.play()

    def stop(self, done) -> None:
        """Ends cleanly: `done()` when all that the board holds is on its disk, durably."""
        self._stopped = done
        self._look_at_ms = 0
        self.events.note("%s is stopping" % self.identity.name)
        self._set_refusal()
        self.peer.drop_link()
        self.journal.forget_received()
        self.journal.seal()
        self.playback.stopping = True
        self.playback.play()
        self._advance()

    def poll(self) -> "int | None":
        """Does what time asks for; returns the monotonic ms of the next call, None when nothing waits."""
        now = self.clock.now_ms()
        if self._gather_due_ms is not None and now >= self._gather_due_ms:
            self._pass_on(now)
        if now < self._look_at_ms:
            return _earliest(self._look_at_ms, self._gather_due_ms)
        self._look_at_ms = now + LOOK_EVERY_MS
        self.volume.poll(now)
        if self._short_of_memory:
            self.volume.room()  # a read or a compression that kept it in use does not say that it ended
        self._commit_aged(now)
        self.fullness.look(now)
        self.playback.poll(now)
        self.copier.advance()
        self._look_at_pace(now)
        again = now if self._short_of_memory else None
        parts = (self.playback, self.volume, self.copier, self.pace, self.fullness)
        due = _earliest(again, self._commit_due(), *[part.due() for part in parts])
        if due is not None:
            due = max(due, self._look_at_ms)
        return _earliest(due, self._gather_due_ms)

    @property
    def clock_set(self) -> "bool | None":
        """Whether the wall clock can be believed; None: nobody tells."""
        return self.pace.clock_set

    @clock_set.setter
    def clock_set(self, is_set: "bool | None") -> None:
        self.pace.clock_set = is_set

    def _look_at_pace(self, now: int) -> None:
        self.pace.poll(now)
        if self.pace.holds and self.journal.full:
            self._pace_changed()  # what makes room goes
        self.alarm("rate", self.pace.trouble)
        self.alarm("quota", self.pace.excess)

    def _pace_changed(self) -> None:
        if self.peer.link is not None:
            self.peer.link.wake()

    def _report(self) -> bytes:
        """What the other board's surfaces show of this one."""
        try:
            report = pack(snapshot(self, "en"))  # it is translated where it is read
            self.alarm("report", "")
            return report
        except Exception as error:  # a bug in what is shown must not stop the mirroring
            self.alarm("report", "the other board is not told of this one (%s); restart this board" % repr(error))
            return b""

    @property
    def _short_of_memory(self) -> bool:
        """Whether a host waits though the ring has room."""
        return self.volume.waiting_for_room and not self.journal.starved

    # Commit

    def _commit_wanted(self) -> None:
        if not self.journal.busy:
            self.journal.seal()

    def _commit_due(self) -> "int | None":
        group = self.journal.open
        return None if group is None else group.opened_ms + self.settings.max_age

    def _commit_aged(self, now: int) -> None:
        due = self._commit_due()
        if due is not None and now >= due:
            self.journal.seal()

    def _copied(self, number: int) -> None:
        self.identity.copy_ended(number)
        self.journal.save()
        self.events.note("the first full copy is complete with group %d" % number)

    def _durable(self, groups: list) -> None:
        self.volume.settle()  # first of all, a host waits for it
        self.marks.settle()
        for group in groups:
            if group.received:
                group.wanted = False  # the player may read it from the ring
        open_group = self.journal.open
        if open_group is not None and self.volume.flush_waits_for >= open_group.number:
            self._commit_wanted()
        now = self.clock.now_ms()
        gathered = self.journal.head.position - self._gathered_from
        if gathered >= GATHER_BYTES or now - self._gathered_at_ms >= GATHER_MS or self.peer.prompt:
            self._pass_on(now)
        elif self._gather_due_ms is None:
            self._gather_due_ms = self._gathered_at_ms + GATHER_MS
        self._advance()

    def _pass_on(self, now: int) -> None:
        """What is durable is played, and shipped or acknowledged."""
        self._gathered_from = self.journal.head.position
        self._gathered_at_ms = now
        self._gather_due_ms = None
        self.playback.play()
        if self.peer.part is not None:
            self.peer.part.durable(self.journal.head.number)
            self.peer.part.room()

    def _played(self) -> None:
        self.volume.played(self.playback.point.number)
        if self.peer.part is not None and self.identity.role == TWIN:
            self.peer.part.played(self.playback.point.number)
            self.peer.part.room()
        self._set_refusal()
        self._advance()

    def _room(self) -> None:
        self.fullness.look(self.clock.now_ms())
        self.volume.room()
        if self.peer.part is not None:
            self.peer.part.room()
        self._advance()

    def _advance(self) -> None:
        """Something moved on: whatever waited for it goes on as well."""
        self.volume.settle()
        self.copier.advance()
        if self._promotion is not None:
            self.playback.play()
            self._promotion.advance()
        if self._stopped is not None:
            self._finish_stop()

    def _finish_stop(self) -> None:
        self._look_at_ms = 0
        self.playback.play()
        if self.failed or (self.journal.drained and self.playback.complete):
            done, self._stopped = self._stopped, _already_stopped
            done()

    def _confirmed(self) -> int:
        if self.settings.ack == "local" or not self.journal.superblock.retain:  # nobody could follow a promoted twin
            return self.journal.head.number
        if self.settings.ack == "received":
            return min(self.journal.head.number, self.peer.received)
        return self.journal.acked.number

    # Failure

    def fail(self, error, medium: str) -> None:
        """Storage failed: the board takes no more writes and says so. What is durable is still shipped."""
        if not self.failed:
            self.failure = (
                "the %s failed (%s); this board takes no more writes: replace what failed and restart it"
                % (medium, why(error))
            )
            self.events.note(self.failure)
            if self.on_failure is not None:
                self.on_failure(self.failure)
        self.journal.fail()
        self.playback.failed = True
        self.volume.fail()
        self.marks.fail()
        self._set_refusal()
        if self.identity.role == TWIN:
            self.peer.drop_link()  # its primary finds out why when it connects again
        if self._promotion is not None:
            self._promotion.fail()
        if self._stopped is not None:
            self._finish_stop()

    def _append_failed(self, error) -> None:
        if not isinstance(error, Damaged):
            self.fail(error, "journal %s" % self.settings.journal)
            return
        if self.peer.part is not None:
            self.peer.part.damaged(self.journal.head.number + 1)
        self._advance()

    # Who may do what

    def promote(self, force: bool, done) -> None:
        """Makes this twin the one that takes host writes; `done(report, error)` when it serves or not."""
        if self._promotion is not None or self._stopped is not None:
            done(None, Refused("%s is being promoted or stopped already" % self.identity.name))
            return

        def ended(report, error) -> None:
            if error is None:
                self.events.note("%s was promoted: generation %d, from group %d on" % (
                    self.identity.name, report["generation"], report["group"],
                ))  # fmt: skip
            done(report, error)

        self._promotion = Promotion(self, ended)
        self._promotion.begin(force)

    def promoted(self) -> None:
        """The promotion is over, one way or the other."""
        self._promotion = None
        self._set_refusal()

    def _fenced(self) -> None:
        self.events.note("%s is fenced: the other board was promoted" % self.identity.name)
        self._set_refusal()

    def mark(self, name: str, done) -> None:
        """Names this point of the log; `done(group, error)` when that is durable here, or Refused."""
        self.marks.set(name, done)

    def alarm(self, source: str, sentence: str) -> None:
        """Something outside of the board (`source`: a word) cannot do its part; empty: it can again."""
        if sentence == self.alarms.get(source, ""):
            return
        if sentence:
            self.alarms[source] = sentence
            self.events.note(sentence)
        else:
            del self.alarms[source]

    def doubt(self, source: str, name: str) -> None:
        """Whether the condition `name` holds is not for `source` to say now, whatever its alarm is; empty: it is."""
        self.doubts[source] = name

    def _closed_to_groups(self) -> str:
        if self._promotion is not None or self._stopped is not None or self.failed:
            return "%s takes no groups now: it stops, failed or is being promoted" % self.identity.name
        return ""

    def _set_refusal(self) -> None:
        playing = self._promotion is not None or self.playback.point.number < self.first_number
        self.volume.refusal = refusal_of_hosts(self.identity, self._stopped is not None, self.failed, playing)

    @property
    def nearly_serves(self) -> bool:
        """Whether a host that may not use the disk yet has only to wait a moment."""
        return self.identity.role == PRIMARY and not (self.identity.fenced or self.failed or self._stopped)

    def facts(self) -> dict:
        """What the status surfaces show (firmware/status/snapshot.py)."""
        return facts(self)


def _earliest(*times) -> "int | None":
    times = [time for time in times if time is not None]
    return min(times) if times else None


def _already_stopped() -> None:
    pass
