"""Misfortunes of one seed: when boards lose power, links are cut, processes are killed."""

from tests.sim import checks
from tests.sim.board import OFF
from tests.sim.memory import STORE

AIMS = ("journal sync", "journal sync", "journal write", "journal write", "disk sync", "disk write")


class Chaos:
    """Draws what happens, as often as the plan says. `over` ends it."""

    def __init__(self, world):
        self._world, self._random, self._plan = world, world._child(), world.plan
        self.left = self._plan.chaos
        kinds = [(kind, weight) for kind, weight in self._plan.weights.items() if weight]
        self._kinds = [kind for kind, _ in kinds]
        self._odds = [weight for _, weight in kinds]
        self.over = False
        self._bad_connections = 6
        self._looks = ""  # when to look aside: "at" a step, or as soon as a journal is "dirty"
        self._look_at = 0

    def maybe(self) -> None:
        """After every step: now and then something goes wrong."""
        if self._looks and not self.over and self._looks_now():
            self._looks = ""
            if not self._world.promoted and not any(board.lied_to for board in self._world.boards):
                checks.look_aside(self._world)
        if self.over or not self._kinds or self.left <= 0 or self._random.random() >= self._plan.chaos_odds:
            return
        self.left -= 1
        kind = self._random.choices(self._kinds, self._odds)[0]
        self._world.trace("chaos: %s", kind)
        getattr(self, "_" + kind.replace(" ", "_"))()

    # Misfortunes, named as in plan.MISFORTUNES

    def _power_primary(self) -> None:
        self._burn(self._world.primary)

    def _power_twin(self) -> None:
        self._burn(self._world.twin)

    def _power_both(self) -> None:
        for board in self._world.boards:
            if self._may_lose(board):
                self._world.lost(board)

    def _kill_primary(self) -> None:
        self._burn(self._world.primary, only_kills=True)

    def _kill_twin(self) -> None:
        self._burn(self._world.twin, only_kills=True)

    def _may_lose(self, board) -> bool:
        """Not after a lie about a write: a power cut would lose what nobody can know of."""
        return board.state != OFF and not (board.lied_to and self._plan.lie == "lost write")

    def _burn(self, board, only_kills: bool = False) -> None:
        """The fuse burns at one of the next storage calls, or at once."""
        if not self._may_lose(board):
            return
        if self._random.random() < 0.1:
            self._world.lost(board, not only_kills)
        else:
            board.power.only_kills = only_kills
            if self._random.random() < 0.5:
                board.power.aim = self._random.choice((*AIMS, STORE, STORE) if self._plan.keeps else AIMS)
            board.power.fuse = board.power.calls + 1 + int(self._random.expovariate(1 / 12))

    def at_the_end_of_the_copy(self, board) -> None:
        """Here a moment decides whether a twin is consistent."""
        if self._kinds and not self.over and self._random.random() < 0.5:
            self._burn(board, self._random.random() < 0.5)

    def _cut_link(self) -> None:
        for connection in self._world.connections:
            connection.cut(self._plan.linger)

    def _outage(self) -> None:
        self._cut_link()
        self._world.count("outages")
        self._world.link_up_at = self._world.now_ms + self._random.choice((10, 1000, 30_000, 120_000))

    def _stall_link(self) -> None:
        for connection in self._world.connections:
            connection.stalled_until = self._world.now_ms + self._random.choice((5, 500, 15_000))
            self._world.count("stalls")

    def _second_connection(self) -> None:
        world = self._world
        if world.primary.up and world.twin.up and world.connections:
            world.count("second connections")
            world.connect(world.primary, world.primary.board.peer.new_link)

    def _look_aside(self) -> None:
        self._looks, self._look_at = self._random.choice(("at", "dirty", "dirty")), self._world.steps

    def _looks_now(self) -> bool:
        if self._looks == "at":
            return self._world.steps >= self._look_at
        return any(board.journal.dirty for board in self._world.boards)

    def _stop_primary(self) -> None:
        self._stop(self._world.primary)

    def _stop_twin(self) -> None:
        self._stop(self._world.twin)

    def _stop(self, board) -> None:
        """SIGTERM: the board ends cleanly, in the middle of whatever goes on."""
        if not board.up or board.failed:
            return
        life = board.lives

        def stopped():
            self._world.after(0, "exit", lambda: self._exit(board, life))

        board.board.stop(stopped)
        board.poll()

    def _exit(self, board, life: int) -> None:
        if board.up and board.lives == life:
            checks.after_stop(self._world, board)
            self._world.lost(board, cut=False)

    # What follows

    def after_loss(self, board, cut: bool) -> None:
        """A board went down: it comes back some time, and may go down again while it does."""
        fuse, only_kills = None, self._random.random() < 0.3
        if not self.over and self._random.random() < self._plan.boot_cut_odds:
            fuse = 1 + int(self._random.expovariate(1 / self._random.choice((5, 40))))
        delay = self._random.choice((0, 10, 1000, 20_000))
        world = self._world
        if self._random.random() < 0.3 and not world.promoted:
            checks.after_loss(world, board, cut)
        if board is world.gone:
            return

        def restart():
            world.power_on(board, None if self.over else fuse, only_kills)
            if not cut:  # what was in the caches when the process died: is it given away before it is durable?
                self._looks, self._look_at = "at", world.steps + self._random.randint(5, 80)

        if self._plan.keeps and not cut and not self.over and self._random.random() < 0.1:
            world.lose_sight(board)
        world.after(delay, "restart", restart)

    def expects_failure(self, board) -> bool:
        """Whether a failed board is what its storage deserves; then it is restarted after a while."""
        if not self._world.plan.kind == "errors":
            return False
        if not any(item[1] == "repair " + board.name for item in self._world.later):
            self.repair(board, self._random.choice((10, 3000)))
        return True

    def repair(self, board, delay: int) -> None:
        """Somebody looks at the alarm and switches the board off and on."""
        world = self._world

        def restart():
            if board.failed:
                world.count("repairs")
                world.lost(board)

        world.after(delay, "repair " + board.name, restart)

    def on_connection(self, connection) -> None:
        if self._plan.lie == "wire" and not self.over and self._bad_connections > 0:
            self._bad_connections -= 1  # if all were bad, no group might ever get through
            connection.flip = self._random.choice((0.002, 0.02))
        if self._plan.lie == "sendfile":
            for board in self._world.boards:
                board.span_flips = 0.0 if self.over else 0.05

    def end(self) -> None:
        """From now on nothing goes wrong any more, and all that is broken is repaired."""
        self.over = True
        world = self._world
        world.plan.pacing.end(world)
        world.link_up_at = 0
        for board in world.boards:
            for faults in board.faults.values():
                faults.budget = 0
            if board.power is not None:
                board.power.fuse = board.power.aim = None
            if board.failed:
                self.repair(board, 10)
        for board in world.boards:
            board.span_flips = 0.0
        for connection in world.connections:
            connection.flip = 0.0
            connection.stalled_until = 0
