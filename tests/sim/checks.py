"""When the oracle is asked, and about what: after cuts, in the middle of anything, and at the end."""

from firmware.pair.identity import PRIMARY
from tests.sim.medium import LOSE, SECTORS
from tests.sim.oracle import Violation

GROUP_ON_ITS_WAY = 200  # bytes: more than the last frames of a greeting


def host_image(board) -> bytearray:
    """What a host of this board would read now; the board is at rest and has nobody else to serve."""
    image, errors = bytearray(board.disk.size), []
    view = memoryview(image)
    for at in range(0, len(image), 1 << 20):
        if not board.board.volume.read(at, view[at : at + (1 << 20)], errors.append):
            board.drain_lanes()
    if any(errors):
        raise Violation("%s cannot be read: %s" % (board.name, errors))
    return image


def _risen(board, mode, what: str, with_memory: bool = False):
    """A copy of the board, restarted and at rest."""
    copy = board.aside(mode, with_memory)
    if copy.failed:
        why = copy.refusal or copy.board.failure
        raise Violation("%s does not come up: %s: %s" % (what, type(why).__name__, why))
    _check_marks(board.world, copy, what, board is board.world.primary)
    return copy


def _check_marks(world, board, what: str, is_primary: bool) -> None:
    world.count("marks found in logs", world.marks.check(board, what, is_primary))


def look_aside(world) -> None:
    """What if all power failed now, and everything that is not synced were lost, or torn?

    The primary keeps what was flushed. The twin keeps what it acknowledged. And the twin, even if
    nothing of it is lost, holds nothing that the primary lost.
    """
    world.count("looks aside")
    mode = world.random.choice((LOSE, LOSE, SECTORS))
    primary = _risen(world.primary, mode, "the primary, if power failed now,")
    kept = world.oracle.check_primary(host_image(primary), "the primary, if power failed now,")
    primary.kill()
    check_twin(world, mode)
    check_twin(world, None, kept)


def check_twin(world, mode, most=None) -> int:
    """The twin, restarted now: `mode` is what a power cut does, None a mere restart."""
    what = "the twin, restarted now," if mode is None else "the twin, if power failed now,"
    twin = _risen(world.twin, mode, what)
    twin.kill()
    if not twin.board.identity.whole:
        if world.twin_whole:
            raise Violation("%s does not know any more that it holds a whole copy" % what)
        if world.plan.used:
            world.count("looks at half a copy")
            return 0
    world.count("checks of the twin")
    return world.oracle.check_twin(twin.image(), world.acked, what, most)


def after_loss(world, board, cut: bool) -> None:
    """A board has just gone down; its media are what they are."""
    if world.plan.kind != "honest":
        return
    if board is world.twin:
        check_twin(world, None)
    elif cut:
        primary = _risen(board, None, "the primary after its power cut")
        kept = world.oracle.check_primary(host_image(primary), "the primary after its power cut")
        primary.kill()
        check_twin(world, None, kept)
    elif world.plan.keeps and world.lossless:
        primary = _risen(board, None, "the primary after its death", True)
        world.oracle.check_primary(host_image(primary), "the primary after its death", True)
        world.count("looks at survivors")


def after_alarm(world) -> None:
    """A board stands still because its storage lied. The other one is as good as ever."""
    if world.twin.lied_to:
        if not world.primary.lied_to and not world.promoted:
            primary = _risen(world.primary, LOSE, "the primary, if power failed now,")
            world.oracle.check_primary(host_image(primary), "the primary, if power failed now,")
    elif not world.promoted:
        check_twin(world, LOSE)


def after_stop(world, board) -> None:
    """A board has stopped cleanly: its disk alone holds all that it took, durably."""
    if board.failed or board.lied_to:
        return
    board.disk.cut(board.random, LOSE)
    board.journal.cut(board.random, LOSE)
    world.count("clean stops on the way")
    if board is world.primary and world.looked == board.lives:
        world.oracle.check_equal(board.image(), board.image())
    elif board is world.primary:
        if world.promoted and world.looked == 0:
            return
        world.oracle.check_primary(board.image(), "the primary, cleanly stopped,")
    elif not world.promoted and board.board.identity.whole:
        world.oracle.check_twin(board.image(), world.acked, "the twin, cleanly stopped,")


# The end of a run


def finish(world) -> None:
    """Everything is repaired; the pair comes to rest, and both disks hold all that was accepted."""
    world.chaos.end()
    world.run_until(lambda: _at_rest(world), world.plan.pacing.patience_ms, "both disks hold everything")
    if world.plan.pacing.reports == "real" and not world.plan.pacing.old:
        world.run_until(lambda: _know_each_other(world), 60_000, "each board shows the other")
        world.count("boards that show each other")
    _check_marks(world, world.primary, "the primary, at rest,", True)
    _check_marks(world, world.twin, "the twin, at rest,", False)
    if world.plan.stops and not any(board.lied_to for board in world.boards):
        _stop(world)
    world.oracle.check_equal(world.primary.image(), world.twin.image())


def _at_rest(world) -> bool:
    if not (world.host.quiet and world.host.attached and world.primary.up and world.twin.up):
        return False
    left, right = world.primary.board, world.twin.board
    if left.copier.under_way or right.copier.under_way:
        return False
    if left.failed or right.failed or left.journal.open is not None or not left.journal.drained:
        return False
    head = left.journal.head.number
    return left.playback.point.number == right.playback.point.number == left.journal.acked.number == head


def _know_each_other(world) -> bool:
    for board in world.boards:
        other = board.board.neighbour.shown() if board.up else None
        if other is None or other["name"] != world.other(board).name:
            return False
    return True


def _stop(world) -> None:
    """A clean stop: the images alone are complete, whatever happens to the power then."""
    ended = []
    world.host.detach()
    for board in world.boards:
        board.board.stop(lambda: ended.append(1))
        board.poll()
    world.run_until(lambda: len(ended) == 2, 60_000, "both boards have stopped")
    world.count("clean stops")
    for board in world.boards:
        board.power_off(LOSE)


# The twin takes over


def take_over(world) -> None:
    """The first site is lost in the middle of anything; the twin is promoted, and the host goes on there.

    The first board comes back later, and must see that it is no longer the one that takes writes.
    """
    if world.random.random() < 0.4:
        _begin_greeting(world)
    lost = world.primary
    world.gone = lost
    world.lost(lost)
    if not _promote(world):
        return
    world.change_places()
    world.run_until(lambda: world.host.quiet and world.host.attached, 3_600_000, "the host is done with the twin")
    world.chaos.end()
    world.run_until(lambda: _plays_nothing(world), 400_000, "the promoted board has played everything")
    world.oracle.check_equal(world.primary.image(), world.primary.image())
    _check_marks(world, world.primary, "the promoted board", True)
    if lost.lied_to:
        return
    world.gone = None
    world.power_on(lost)
    world.run_until(lambda: lost.up and lost.board.identity.fenced, 400_000, "the first board is fenced")
    _stays_fenced(world, lost)


def _begin_greeting(world) -> None:
    """The link is cut and dialled again, so that the end comes somewhere in a greeting or shortly after it."""
    world.link_up_at = 0
    for connection in world.connections:
        connection.cut()
    known = list(world.connections)
    for _ in range(2000):
        if any(connection not in known and _half_greeted(connection) for connection in world.connections):
            return
        world.step()


def _half_greeted(connection) -> bool:
    """The end that dialled thinks that all is agreed and sends groups, the other one does not know yet."""
    left, right = connection.ends
    agreed = left.conversation.part is not None and right.conversation.part is None
    return agreed and len(right.incoming) > GROUP_ON_ITS_WAY


def _promote(world) -> bool:
    """False when there is nothing to promote yet. The twin may lose its power meanwhile."""
    twin, refusals, asked = world.twin, [], []

    def serves() -> bool:
        if not twin.up or twin.failed:
            return False
        if twin.board.identity.role == PRIMARY:
            return twin.board.volume.ready
        if twin.lives not in asked:
            asked.append(twin.lives)
            twin.board.promote(True, lambda report, error: refusals.append(error))
            twin.poll()
        return not twin.board.identity.whole and not world.twin_whole

    world.run_until(serves, 400_000, "the twin is promoted")
    if twin.board.identity.role != PRIMARY:
        world.count("nothing to promote")
        return False
    world.count("promotions")
    return True


def _plays_nothing(world) -> bool:
    board = world.primary
    if not (world.host.quiet and world.host.attached and board.up) or board.failed:
        return False
    journal = board.board.journal
    return journal.open is None and journal.drained and board.board.playback.point.number == journal.head.number


def _stays_fenced(world, board) -> None:
    world.run_until(lambda: board.lanes["journal"].idle, 60_000, "the first board is at rest")
    board.power_off(LOSE)
    copy = board.aside(None)
    refused = copy.board.identity.fenced and not copy.board.volume.ready
    if not refused:
        raise Violation("the first board forgot that it is fenced")
    world.count("fences checked")
