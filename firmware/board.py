"""One board: wires journal, volume, player and link together. Pure logic, no sockets, no clock of its own.

The path of a group: gathered from the host (or received), appended and synced in the ring, then played
onto the disk and, on a primary, shipped. Each step starts only when the one before has ended.
"""

from firmware.disk.volume import Volume
from firmware.errors import Damaged, Refused
from firmware.link.link import Counters, Link
from firmware.log.journal import Journal
from firmware.log.layout import Point
from firmware.pair import judge
from firmware.pair.copier import Copier
from firmware.pair.identity import NO_PAIR, PRIMARY, TWIN
from firmware.pair.promotion import Promotion
from firmware.status.facts import facts

CHECKPOINT_EVERY = 32 << 20
CHECKPOINT_IDLE_MS = 5000
LOOK_EVERY_MS = 20  # poll() comes with every host command, and nothing it does is more urgent
PLAY_AT_ONCE = 8 << 20


class Lanes:
    """The lanes of a board and what their workers are: `journal` Scribe, `player` Player,
    `sync` Syncer, `read` Reader, `link` Compressor."""

    def __init__(self, journal, player, sync, read, link):
        self.journal = journal
        self.player = player
        self.sync = sync
        self.read = read
        self.link = link

    def close(self) -> None:
        """Ends them, when the board has stopped."""
        for lane in (self.player, self.journal, self.sync, self.read, self.link):
            lane.close()


class Board:
    """A running board.

    `remains` comes from startup.open_journal, `disk` is the disk's storage, `clock` has now_ms() and
    wall_ms(). `start()` first, then `poll()` after every event.
    """

    def __init__(self, settings, remains, disk, lanes, clock):
        self.settings = settings
        self.identity = remains.identity
        self.lanes = lanes
        self.clock = clock
        self.journal = Journal(
            remains.ring, lanes.journal, remains.arena, remains.superblock, remains.head, clock.wall_ms
        )
        self.journal.generation = self.identity.generation
        self.journal.label = self.identity.pack
        self.journal.on_copied = self._copied
        self.journal.on_durable = self._durable
        self.journal.on_failed = self._append_failed
        self.volume = Volume(disk, lanes.read, self.journal, clock.now_ms)
        self.volume.confirmed = self._confirmed
        self.volume.wanted = self._commit_wanted
        self.copier = Copier(self.identity, self.journal, self.volume, clock.now_ms, self._sends)
        self.on_disk = remains.superblock.played
        self.peer_written = 0
        self.damage = ""  # why the twin cannot go on, when our own journal is damaged
        self.failed = False
        self.failure = None
        self.link = None
        self.link_refusal = ""
        self.on_parted = None
        self.counters = Counters()
        self.received_there = self.journal.acked.number
        self.peer_name = ""
        self._playing = False
        self._checkpointing = False
        self._quiet_since_ms = 0
        self._look_at_ms = 0
        self._promotion = None
        self._stopping = None
        self._serves_from = remains.head.number

    # Life

    def start(self) -> None:
        """Plays what the last run left behind; a primary's host may attach when that is done."""
        self._set_refusal()
        self._play()

    def stop(self, done) -> None:
        """Ends cleanly: `done()` when all that the board holds is on its disk, durably."""
        self._stopping = done
        self._set_refusal()
        self.drop_link()
        self.journal.forget_received()
        self.journal.seal()
        self._advance()

    def poll(self) -> "int | None":
        """Does what time asks for; returns the monotonic ms of the next call, None when nothing waits."""
        now = self.clock.now_ms()
        if now < self._look_at_ms:
            return self._look_at_ms
        self._look_at_ms = now + LOOK_EVERY_MS
        self.volume.poll(now)
        self._commit_aged(now)
        self._checkpoint_if_due(now)
        self.copier.advance()
        dues = self._commit_due(), self._checkpoint_due(), self.volume.due(), self.copier.due()
        due = [t for t in dues if t is not None]
        return max(min(due), self._look_at_ms) if due else None

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
        self.save_identity()

    def _durable(self, groups: list) -> None:
        self._quiet_since_ms = self.clock.now_ms()
        for group in groups:
            if group.received:
                group.wanted = False  # the player may read it from the ring
        open_group = self.journal.open
        if open_group is not None and self.volume.flush_waits_for >= open_group.number:
            self._commit_wanted()
        self._advance()
        if self._part is not None:
            self._part.durable(groups[-1].number)

    def _advance(self) -> None:
        """Something moved on: whatever waited for it goes on as well."""
        self.volume.settle()
        self._play()
        self.copier.advance()
        if self._promotion is not None:
            self._promotion.advance()
        if self._stopping is not None:
            self._finish_stop()

    def _confirmed(self) -> int:
        if self.settings.ack == "local":
            return self.journal.head.number
        if self.settings.ack == "received":
            return min(self.journal.head.number, self.received_there)
        return self.journal.acked.number

    # Play

    def _play(self) -> None:
        if self._playing or self.failed or self.on_disk.number >= self.journal.head.number:
            return
        self._playing = True
        groups = self._resident_run(self.on_disk.number + 1)
        if not groups:
            at = self.on_disk
            last = self.journal.head.number
            self.lanes.player.submit(self._played, "play", at.number, at.position, at.chain, last, self._plays_own)
            return
        last = groups[-1]

        def played(result, error):
            for group in groups:
                group.pins -= 1
            self._played((last.number, last.end, last.descriptor.chain, result), error)

        for group in groups:
            group.pins += 1
        self.lanes.player.submit(played, "play_resident", [(g.body_place, g.used) for g in groups], self._plays_own)

    @property
    def _plays_own(self) -> bool:
        """Whether this board sealed the groups that are to be played."""
        return self.identity.role == PRIMARY and self.on_disk.number >= self.identity.fork_number

    def _resident_run(self, number: int) -> list:
        """Durable groups from `number` on that are in memory, up to PLAY_AT_ONCE bytes."""
        groups, size = [], 0
        while number <= self.journal.head.number and size < PLAY_AT_ONCE:
            group = self.journal.resident(number)
            if group is None:
                break
            groups.append(group)
            size += group.size
            number += 1
        return groups

    def _played(self, point, error) -> None:
        self._playing = False
        if error is not None:
            self.fail(error)
            return
        *at, copied = point
        self.on_disk = Point(*at)
        if self.identity.role == TWIN:
            self.identity.copied = max(self.identity.copied, copied)
        self.volume.played(self.on_disk.number)
        if self._part is not None and self.identity.role == TWIN:
            self._part.played(self.on_disk.number)
        self._set_refusal()
        self._advance()

    # Checkpoints

    def _checkpoint_due(self) -> "int | None":
        """When to make the disk durable and give ring space back: in bulk, when idle, or when starved."""
        saved = self.journal.superblock
        moved = self.on_disk.number > saved.played.number or self.journal.acked.number > saved.acked.number
        if self._checkpointing or self.failed or not moved:
            return None
        freeable = self.journal.freeable(self.on_disk)
        in_bulk = min(CHECKPOINT_EVERY, self.journal.ring.size // 4)
        if (
            self.on_disk.position - saved.played.position >= CHECKPOINT_EVERY
            or freeable >= in_bulk
            or (freeable and self.journal.starved)
            or self._stopping is not None
        ):
            return 0
        return self._quiet_since_ms + CHECKPOINT_IDLE_MS

    def _checkpoint_if_due(self, now: int) -> None:
        due = self._checkpoint_due()
        if due is None or now < due:
            return
        self._checkpointing = True
        point = self.on_disk

        def synced(result, error):
            if error is not None:
                self._checkpointing = False
                self.fail(error)
                return
            self.journal.played = point
            self.journal.save(saved)

        def saved(error):
            self._checkpointing = False
            self._quiet_since_ms = self.clock.now_ms()
            self.volume.room()
            if self._part is not None:
                self._part.room()
            self._advance()

        self.lanes.sync.submit(synced, "sync")

    def _finish_stop(self) -> None:
        saved = self.journal.superblock.played
        if self.failed or (self.journal.drained and not self._checkpointing and saved.number == self.journal.head.number):
            done, self._stopping = self._stopping, None
            done()

    # Failure

    def fail(self, error) -> None:
        """Storage failed: the board takes no more writes and says so. What is durable is still shipped."""
        if not self.failed:
            self.failed = True
            self.failure = "%s; this board takes no more writes: replace what failed and restart it" % error
        self.journal.failed = True
        self.volume.fail()
        self._set_refusal()
        if self._promotion is not None:
            self._promotion.fail()
        if self._stopping is not None:
            self._finish_stop()

    def _append_failed(self, error) -> None:
        if isinstance(error, Damaged):
            if self._part is not None:
                self._part.damaged(self.journal.head.number + 1)
            self._advance()
        else:
            self.fail(error)

    # Link: what firmware/link asks of its board

    @property
    def _part(self):
        """The Sender or Receiver at work, None without one."""
        return None if self.link is None else self.link.part

    def _sends(self) -> bool:
        return self._part is not None and self.identity.role == PRIMARY

    @property
    def copying(self) -> bool:
        """Whether the twin still lacks a part of the first copy."""
        who = self.identity
        if who.role == TWIN or not who.whole:
            return not who.whole
        return self.journal.acked.number < who.whole

    @property
    def dials(self) -> bool:
        """Whether this board is the one that connects to its peer."""
        return self.identity.role == PRIMARY and self.settings.peer is not None and self._stopping is None

    def new_link(self) -> Link:
        """A conversation for a connection to the other board, whoever opened it."""
        return Link(self, self.journal, self.counters, self.lanes.link, self.settings.rate)

    def drop_link(self) -> None:
        """Ends the link in good order, if there is one."""
        if self.link is not None:
            self.link.close()
            self.link = None

    def joined(self, part) -> None:
        """A greeting succeeded; an earlier connection, if it lingers, is over."""
        if self.link is not None and self.link is not part.link:
            self.link.drop("another connection took its place")
        self.link = part.link
        self.link_refusal = ""
        self.peer_written = max(self.peer_written, part.link.peer.number)
        self.copier.advance()

    def parted(self, link) -> None:
        """A connection is gone."""
        if self.link is link:
            self.link = None
        if link.refusal:
            self.link_refusal = link.refusal
        if self.on_parted is not None:
            self.on_parted(link)

    def judge(self, peer, number: int, chain: int) -> Point:
        """For a greeting, on a primary: from which point `peer`, whose log ends behind group `number`,
        is sent what it lacks. Raises Refused."""
        self._meet(peer)
        return judge.starting_point(self.identity, peer, self.journal, number, chain)

    def accept(self, peer) -> None:
        """For a greeting, on a twin: whether groups from `peer` are taken. Raises Refused."""
        self._meet(peer)
        mine = self.identity
        if self._promotion is not None or self._stopping is not None or self.failed:
            raise Refused("%s takes no groups now: it stops, failed or is being promoted" % mine.name)
        if mine.pair_id == NO_PAIR:
            mine.pair_id = peer.pair_id
            mine.generation = peer.generation
            mine.fork_number, mine.fork_chain = peer.fork_number, peer.fork_chain
            self.save_identity()  # the journal's lane makes it durable before any group

    def _meet(self, peer) -> None:
        judge.refuse_strangers(self.identity, peer)
        if judge.must_fence(self.identity, peer) and not self.identity.fenced:
            self.identity.fenced = True
            self._set_refusal()
            self.save_identity()
        judge.refuse_roles(self.identity, peer)
        self.peer_name = peer.name

    def save_identity(self, done=None) -> None:
        """Makes the identity durable."""
        self.journal.save(done)

    def acknowledged(self, received: int, point: Point) -> None:
        """The twin has taken groups up to `received` and durably holds all up to `point`."""
        self.received_there = max(self.received_there, received)
        self.journal.acknowledged(point)
        self.volume.settle()
        self.copier.advance()

    def suspect(self, number: int) -> None:
        """The twin found group `number` damaged: was it so in our journal already?"""
        try:
            self.journal.verify(number)
        except (Damaged, OSError) as e:
            self.unreadable(number, e)

    def unreadable(self, number: int, error) -> None:
        """Group `number` cannot be read from our journal any more, so the twin cannot go on."""
        self.damage = "%s; the twin cannot go on from group %d: start the pair anew" % (error, number)

    # Promotion

    def promote(self, force: bool, done) -> None:
        """Makes this twin the one that takes host writes; `done(report, error)` when it serves or not."""
        if self._promotion is not None or self._stopping is not None:
            done(None, Refused("%s is being promoted or stopped already" % self.identity.name))
            return
        self._promotion = Promotion(self, done)
        self._promotion.begin(force)

    def promoted(self) -> None:
        """The promotion is over, one way or the other."""
        self._promotion = None
        self._set_refusal()

    def _set_refusal(self) -> None:
        self.volume.refusal = self._refusal()

    def _refusal(self) -> str:
        mine = self.identity
        if self._stopping is not None:
            return "%s is stopping" % mine.name
        if mine.fenced:
            return "%s is fenced: its peer was promoted and is the one that takes writes" % mine.name
        if mine.role == TWIN:
            return "%s is a twin; promote it before a host may use its disk" % mine.name
        if self.failed:
            return "%s failed and serves nothing; see its alarms" % mine.name
        if self._promotion is not None or self.on_disk.number < self._serves_from:
            return "%s is still playing its journal; try again in a moment" % mine.name
        return ""

    def oldest_unsent_ms(self) -> "int | None":
        """Wall clock at which the oldest group that the twin lacks was sealed; None when it lacks none."""
        journal = self.journal
        if journal.acked.number < journal.head.number:
            try:
                return journal.peek(journal.acked).time_ms
            except (Damaged, OSError):
                return None
        if journal.open is not None:
            return self.clock.wall_ms() - (self.clock.now_ms() - journal.open.opened_ms)
        return None

    def facts(self) -> dict:
        """What the status surfaces show (firmware/status/snapshot.py)."""
        return facts(self)
