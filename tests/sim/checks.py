"""When the oracle is asked, and about what: after cuts, in the middle of anything, and at the end."""

from tests.sim.medium import LOSE
from tests.sim.oracle import Violation


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


def _risen(board, mode, what: str):
    """A copy of the board, restarted and at rest."""
    copy = board.aside(mode)
    if copy.failed:
        why = copy.refusal or copy.board.failure
        raise Violation("%s does not come up: %s: %s" % (what, type(why).__name__, why))
    return copy


def look_aside(world) -> None:
    """What if all power failed now, and everything that is not synced were lost?

    The primary keeps what was flushed. The twin keeps what it acknowledged. And the twin, even if
    nothing of it is lost, holds nothing that the primary lost.
    """
    world.count("looks aside")
    primary = _risen(world.primary, LOSE, "the primary, if power failed now,")
    kept = world.oracle.check_primary(host_image(primary), "the primary, if power failed now,")
    primary.kill()
    check_twin(world, LOSE)
    check_twin(world, None, kept)


def check_twin(world, mode, most=None) -> int:
    """The twin, restarted now: `mode` is what a power cut does, None a mere restart."""
    what = "the twin, restarted now," if mode is None else "the twin, if power failed now,"
    twin = _risen(world.twin, mode, what)
    twin.kill()
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


# The end of a run


def finish(world) -> None:
    """Everything is repaired; the pair comes to rest, and both disks hold all that was accepted."""
    world.chaos.end()
    world.run_until(lambda: _at_rest(world), 400_000, "both disks hold everything")
    world.count("groups", world.primary.board.journal.head.number)
    world.count("laps", world.primary.board.journal.head.position // world.primary.board.journal.ring.size)
    if world.plan.stops:
        _stop(world)
    world.oracle.check_equal(world.primary.image(), world.twin.image())


def _at_rest(world) -> bool:
    if not (world.host.quiet and world.host.attached and world.primary.up and world.twin.up):
        return False
    left, right = world.primary.board, world.twin.board
    if left.failed or right.failed or left.journal.open is not None or not left.journal.drained:
        return False
    head = left.journal.head.number
    return left.on_disk.number == right.on_disk.number == left.journal.acked.number == head


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
