"""Playback: brings durable groups onto the disk, and the disk to where the journal may forget them."""

from firmware.log.layout import Point
from firmware.pair.identity import PRIMARY, TWIN

PLAY_AT_ONCE = 8 << 20
CHECKPOINT_EVERY = 256 << 20  # each sync of the disk competes with the journal's appends
CHECKPOINT_IDLE_MS = 5000


class Playback:
    """`point` is how far the disk is, up to what the system's cache holds of it.

    `lanes` are the board's; the owner sets `on_played()`, `on_saved()` and `on_failed(error)`.
    """

    def __init__(self, identity, journal, lanes, now_ms):
        self.point = journal.superblock.played
        self.failed = False
        self.stopping = False
        self.on_played = None
        self.on_saved = None
        self.on_failed = None
        self._identity = identity
        self._journal = journal
        self._lanes = lanes
        self._now_ms = now_ms
        self._playing = False
        self._saving = False
        self._quiet_since_ms = 0

    # Play

    def play(self) -> None:
        """Starts to play what is durable and not on the disk, unless that is under way."""
        if self._playing or self.failed or self.point.number >= self._journal.head.number:
            return
        self._playing = True
        groups = self._resident_run(self.point.number + 1)
        if groups:
            self._play_resident(groups)
            return
        at, last = self.point, self._journal.head.number
        self._lanes.player.submit(self._played, "play", at.number, at.position, at.chain, last, self._plays_own)

    def _play_resident(self, groups: list) -> None:
        last = groups[-1]

        def played(result, error):
            for group in groups:
                group.pins -= 1
            self._played((last.number, last.end, last.descriptor.chain, result), error)

        for group in groups:
            group.pins += 1
        places = [(group.body_place, group.used) for group in groups]
        self._lanes.player.submit(played, "play_resident", places, self._plays_own)

    @property
    def _plays_own(self) -> bool:
        """Whether this board sealed the groups that are to be played."""
        return self._identity.role == PRIMARY and self.point.number >= self._identity.fork_number

    def _resident_run(self, number: int) -> list:
        """Durable groups from `number` on that are in memory, up to PLAY_AT_ONCE bytes."""
        groups, size = [], 0
        while number <= self._journal.head.number and size < PLAY_AT_ONCE:
            group = self._journal.resident(number)
            if group is None:
                break
            groups.append(group)
            size += group.size
            number += 1
        return groups

    def _played(self, result, error) -> None:
        self._playing = False
        if error is not None:
            self.on_failed(error)
            return
        *at, copied = result
        self.point = Point(*at)
        self._quiet_since_ms = self._now_ms()
        if self._identity.role == TWIN:
            self._identity.copied = max(self._identity.copied, copied)
        self.play()
        self.on_played()

    # Checkpoints: the disk is synced, then the superblock says how far it is, then ring space is free

    def due(self) -> "int | None":
        """When to make a checkpoint: in bulk, when idle, or when somebody starves for ring space."""
        saved = self._journal.superblock
        moved = self.point.number > saved.played.number or self._journal.acked.number > saved.acked.number
        if self._saving or self.failed or not moved:
            return None
        freeable = self._journal.freeable(self.point)
        in_bulk = min(CHECKPOINT_EVERY, self._journal.ring.size // 4)
        if (
            self.point.position - saved.played.position >= CHECKPOINT_EVERY
            or freeable >= in_bulk
            or (freeable and self._journal.starved)
            or self.stopping
        ):
            return 0
        return self._quiet_since_ms + CHECKPOINT_IDLE_MS

    def poll(self, now_ms: int) -> None:
        """Makes a checkpoint when one is due."""
        due = self.due()
        if due is not None and now_ms >= due:
            self._saving = True
            point = self.point
            self._lanes.sync.submit(lambda result, error: self._synced(point, error), "sync")

    def _synced(self, point: Point, error) -> None:
        if error is not None:
            self._saving = False
            self.on_failed(error)
            return
        self._journal.played = point
        self._journal.save(self._saved)

    def _saved(self, error) -> None:
        self._saving = False
        self._quiet_since_ms = self._now_ms()
        self.on_saved()

    @property
    def complete(self) -> bool:
        """Whether the disk durably holds all that the journal does."""
        return not self._saving and self._journal.superblock.played.number == self._journal.head.number
