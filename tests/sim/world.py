"""The world of one seed: two boards, a wire, a host, an oracle, and a scheduler that picks what happens next.

Everything that can happen now is in one list; the seed picks from it. Time passes a little with every
step, and jumps when nothing can happen before a timer.
"""

import random
from collections import Counter

from firmware.log.survivors import LOST
from tests.sim import preset
from tests.sim.board import OFF, REFUSED, UP, SimBoard
from tests.sim.chaos import Chaos
from tests.sim.host import SimHost, Workload
from tests.sim.marks import Marks
from tests.sim.meter import Meter
from tests.sim.oracle import Oracle, Violation
from tests.sim.pacing import Pacing
from tests.sim.plan import Plan
from tests.sim.storage import PowerCut
from tests.sim.wire import Connection, End

MOST_STEPS = 60_000
HOST_RETURNS_MS = 20


class Over(Exception):
    """The run ends early, and well: a board noticed that its storage lied, and said so."""


class World:
    """`trace(line)` is told what happens; None: nobody listens. `focus`: what of the plan is not left to the seed."""

    def __init__(self, seed: int, trace=None, focus=None):
        self.seed = seed
        self.random = random.Random(seed)
        self.plan = Plan(self.random)
        focus = dict(focus or {})
        self.plan.pacing = Pacing(seed, self.plan.rate, focus.pop("pacing", {}))
        self.plan.__dict__.update(focus)
        self.counts = Counter()
        self.now_us = 0
        self.steps = 0
        self._trace = trace
        self.oracle = Oracle(self.plan.disk_size)
        self.primary = SimBoard(self, self._child(), "left", "primary", self.plan)
        self.twin = SimBoard(self, self._child(), "right", "twin", self.plan)
        self.boards = [self.primary, self.twin]
        workload = Workload(self._child(), self.plan.disk_size)
        if self.plan.swells:
            workload.swell()
        self.host = SimHost(self._child(), self.oracle, workload, self.count, self.trace)
        self.host.flush_reaches_twin = self.plan.ack == "durable"
        self.marks = self.host.marks = Marks(self.oracle)
        self.connections = []
        self.memory = []  # arenas of lives that are over
        self.chaos = Chaos(self)
        self.acked = 0  # the last group that the twin ever acknowledged as durable
        self.twin_whole = False  # the twin has held a whole copy, or acknowledged the end of it
        self.later = []  # (ms, what, function)
        self.link_up_at = 0
        self.lossless = True  # since the host's last look nothing worse has happened than the death of a process
        self.looked = 0  # the life of the primary in which the host saw what was left of its operations
        self.gone = None  # a board that does not come back
        self.promoted = False  # the twin took over: `primary` is the board that was the twin
        self._first_look = None  # what the host's next look at the whole disk must show, if not the usual

    def _child(self):
        return random.Random(self.random.getrandbits(64))

    @property
    def now_ms(self) -> int:
        return self.now_us // 1000

    def count(self, what: str, how_many: int = 1) -> None:
        self.counts[what] += how_many
        if what == "protocol errors" and self.plan.lie not in ("wire", "sendfile"):
            raise Violation("a board breaks the protocol over an honest wire")

    def trace(self, text: str, *args) -> None:
        if self._trace:
            self._trace("%8d %10.3f ms  %s" % (self.steps, self.now_us / 1000, text % args))

    # Running

    def start(self) -> None:
        if self.plan.aged:
            preset.age(self.boards, self.random, not self.plan.used, self.plan.small_rings)
        if self.plan.used:
            self.oracle.begin_with(preset.fill(self.primary.disk, self.random, self.oracle.new_write))
            preset.fill(self.twin.disk, self.random, self.oracle.new_write)  # the oracle knows none of these
        for board in self.boards:
            for which in ("disk", "journal"):
                board.faults[which] = self.plan.faults(self.random, which)
                board.faults[which].count = self._struck(board)
            self.power_on(board)

    def _struck(self, board: SimBoard):
        def struck(kind: str):
            self.count(kind)
            if kind in ("short_write", "misdirected_write"):
                board.lied_to = True
                board.power.fuse = board.power.aim = None

        return struck

    def run_until(self, reached, most_ms: int, what: str) -> None:
        """Lets things happen until `reached()`; Violation when that takes too long."""
        end_ms, most = self.now_ms + most_ms, self.steps + MOST_STEPS
        while not reached():
            if not self.step() or self.now_ms > end_ms or self.steps > most:
                raise Violation("the pair does not come to where %s: %s" % (what, self.state()))

    def step(self) -> bool:
        """One thing happens; False: nothing will ever happen again."""
        self._due()
        actions = self._actions()
        if not actions:
            return self._jump()
        self.steps += 1
        self.now_us += 1 + int(self.random.random() * self.plan.step_us)
        kind, board, act, end = self._pick(actions)
        self._guarded(self._act, board, act, end)
        self._watch()
        self.chaos.maybe()
        self.plan.pacing.maybe(self)
        return True

    def _act(self, board: SimBoard, act, end) -> None:
        if end is not None:
            act(end, self.now_ms)
        else:
            act()
        board.poll()

    def _guarded(self, call, *args) -> None:
        """Power may fail in whatever a board does."""
        try:
            call(*args)
        except PowerCut as cut:
            self.lost(cut.power.owner, not cut.power.only_kills)

    def _pick(self, actions: list) -> tuple:
        speed, total = self.plan.speed, 0.0
        for action in actions:
            total += speed[action[0]]
        at = self.random.random() * total
        for action in actions:
            at -= speed[action[0]]
            if at <= 0:
                return action
        return actions[-1]

    def _actions(self) -> list:
        """(kind, board to poll after it, function, end or None)"""
        now, actions = self.now_ms, []
        for board in self.boards:
            for kind, act in board.steps(now):
                actions.append((kind, board, act, None))
        for connection in self.connections:
            for kind, act, end in connection.steps(now):
                actions.append((kind, end.board, act, end))
        if self.host.can_step and self.primary.up:
            actions.append(("host", self.primary, self.host.step, None))
        return actions

    def _due(self) -> None:
        """What the world does by itself at its time."""
        now = self.now_ms
        if self.later:
            due = [item for item in self.later if item[0] <= now]
            for item in due:
                self.later.remove(item)
                self._guarded(item[2])
        if self.connections and not all(connection.open for connection in self.connections):
            self._bury()
        self._attach()

    def _jump(self) -> bool:
        now = self.now_ms
        times = [item[0] for item in self.later]
        if times and min(times) <= now:
            return True  # it came up just now
        for board in self.boards:
            if board.up and board.poll_at is not None:
                times.append(board.poll_at)
        for connection in self.connections:
            times += connection.next_time(now)
        times = [time for time in times if time > now]
        if not times:
            return False
        self.now_us = min(times) * 1000
        self.steps += 1
        return True

    # Boards

    def other(self, board: SimBoard) -> SimBoard:
        return self.twin if board is self.primary else self.primary

    def power_on(self, board: SimBoard, fuse=None, only_kills: bool = False) -> None:
        if board.state in (OFF, REFUSED) and board is not self.gone:
            self.trace("%s: starts (fuse %s)", board.name, fuse)
            board.power_on(fuse)
            board.power.only_kills = only_kills

    def lost(self, board: SimBoard, cut: bool = True) -> None:
        """A board loses its power, or only its process dies."""
        was = board.state
        if was == OFF:
            return
        if board is self.primary and (cut or board.failed or board.is_without_memory):
            self.lossless = False
        torn = board.power_off() if cut else board.kill() or 0
        self.trace("%s: %s while %s, %d writes torn", board.name, "power cut" if cut else "killed", was, torn)
        self.count("power cuts" if cut else "kills")
        self.count("torn writes", torn)
        if was != UP:
            self.count("restarts in recovery")
        for connection in self.connections:
            for end in connection.ends:
                if end.board is board and end.open:
                    connection.board_lost(end, self.plan.linger if cut else 0)
        if board is self.primary:
            self.host.detach()
        if self.plan.lie == "rest" and was == UP and not board.lied_to and board.flip_at_rest():
            board.lied_to = True
            self.count("bits flipped at rest")
        self.chaos.after_loss(board, cut)

    def lose_sight(self, board: SimBoard) -> None:
        """A board that is down comes back without its memory, which turns up a life later."""
        self.count("lives without memory")
        board.lose_sight()
        if board is self.primary:
            self.lossless = False

    def log_found(self, board: SimBoard, number: int) -> None:
        """A board has come up, with a log that ends with group `number`."""
        if board is self.primary:
            self.oracle.log_ends(number)
            self.marks.log_ends(number)

    def memory_found(self, board: SimBoard, survivors: str, kept) -> None:
        """And it says what it found in memory that outlived its process."""
        if kept is None:
            return
        self.count("survivors: " + survivors)
        if kept.failed and survivors != LOST:
            raise Violation("%s goes on as if it had not failed" % board.name)
        if survivors == LOST and board is self.primary and self.lossless:
            raise Violation("%s lost its memory, though only its process had died" % board.name)

    def _watch(self) -> None:
        """What the oracle wants to know, and what must not happen with honest storage."""
        for board in self.boards:
            board.purse.look(self.now_ms)
            board.patience.look(self)
            if board.up:
                board.note_batch()
                if board.ends_the_copy():
                    self.chaos.at_the_end_of_the_copy(board)
            if board.lied_to and (board.failed or (board.up and board.board.peer.damage)):
                self.count("alarms")
                raise Over
            if board.state == REFUSED and not self.chaos.expects_failure(board):
                raise Violation("%s does not start: %s: %s" % (board.name, type(board.refusal).__name__, board.refusal))
            if board.failed and not self.chaos.expects_failure(board):
                raise Violation("%s failed without a reason: %s" % (board.name, board.board.failure))
        if self.primary.up:
            acked = self.primary.board.journal.acked.number
            if acked > self.acked:
                self.acked = acked
            self._watch_copy(acked)

    def _watch_copy(self, acked: int) -> None:
        if self.twin_whole or self.promoted:
            return
        whole = self.primary.board.identity.whole
        self.twin_whole = 0 < whole <= acked or (self.twin.up and self.twin.board.identity.whole > 0)
        if self.twin_whole:
            self.count("first copies")

    # Host

    def _attach(self) -> None:
        """The host comes as soon as the primary lets it, and looks at everything first."""
        if self.host.attached or not self.primary.up or not self.primary.board.volume.ready:
            return
        self.host.attach(self.primary.board.volume, self.primary.group_of_last, self._look)
        self.host.set_mark = self.primary.board.mark

    def change_places(self) -> None:
        """The twin took over from a primary that is gone."""
        self.primary, self.twin, self.promoted = self.twin, self.primary, True
        self.looked = 0
        self.host.flush_reaches_twin = False
        ends = self.primary.board.identity.fork_number
        self.marks.taken_over(ends)
        self.oracle.log_ends(ends)

        def checked(image):
            k = self.oracle.twin_took_over(image, self.acked)
            self.trace("host: the promoted twin shows %d operations", k)
            self.count("promotions checked")

        self._first_look = checked
        self._attach()

    def _look(self, image) -> None:
        """The host has come and read the whole disk."""
        self.looked = self.primary.lives
        if self._first_look:
            look, self._first_look = self._first_look, None
            self.lossless = True
            look(image)
            return
        before = len(self.oracle.operations)
        self.count("checks that nothing is lost", self.lossless and self.primary.lives > 1)
        k = self.oracle.primary_recovered(image, self.lossless)
        self.lossless = True
        self.trace("host: the primary shows %d of %d operations", k, before)
        self.count("checks of the primary")
        self.count("operations lost", before - k)

    # Link

    def dial(self, board: SimBoard, make_conversation, on_failed) -> None:
        """A board opens a connection; it takes a while, and fails when the other board is not there."""
        life = board.lives

        def dialled():
            if board.lives == life:  # a process that is gone connects to nobody
                self._dialled(board, make_conversation, on_failed)

        self.after(self.random.choice((0, 1, 50)), "dial", dialled)

    def _dialled(self, board: SimBoard, make_conversation, on_failed) -> None:
        other = self.other(board)
        if board.up and other.up and self.now_ms >= self.link_up_at:
            self.connect(board, make_conversation)
        else:
            on_failed(OSError(111, "nobody answers"))

    def connect(self, board: SimBoard, make_conversation) -> None:
        """A connection from `board` to the other one comes about."""
        other = self.other(board)
        ends = End(make_conversation(), board), End(other.board.peer.new_link(), other)
        connection = Connection(self.random, *ends, self.plan.capacity, self.plan.piece, self.count)
        for end in ends:
            end.meter = Meter(end.board, end.board.purse)
        self.chaos.on_connection(connection)
        self.connections.append(connection)
        self.count("connections")
        self.trace("%s: connected to %s", board.name, other.name)

    def after(self, delay_ms: int, what: str, call) -> None:
        """`call()` in so many ms."""
        self.later.append((self.now_ms + delay_ms, what, call))

    def _bury(self) -> None:
        self.connections = [connection for connection in self.connections if connection.open]

    def state(self) -> str:
        """Where everybody stands, for a report."""
        words = ["%d ms, %d operations, %d connections" % (
            self.now_ms, len(self.oracle.operations), len(self.connections)
        )]  # fmt: skip
        for board in self.boards:
            if board.up:
                b = board.board
                words.append("%s: head %d, acked %d, on disk %d, open %s, link %s%s%s" % (
                    board.name, b.journal.head.number, b.journal.acked.number, b.playback.point.number,
                    b.journal.open is not None, "up" if b.peer.link else "down",
                    ", refused: " + b.peer.refusal if b.peer.refusal else "", ", failed" if b.failed else "",
                ))  # fmt: skip
            else:
                words.append("%s: %s %s" % (board.name, board.state, board.refusal or ""))
        return "; ".join(words)
