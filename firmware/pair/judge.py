"""Who may send what to whom: the two judgements at every greeting. And whether a host may write.

| row         | what the peer says                                    | what this board does                    |
|-------------|-------------------------------------------------------|-----------------------------------------|
| WRONG_PAIR  | another pair, or no pair where one is expected        | refuses                                 |
| ITSELF      | this board's own board_id                             | refuses                                 |
| WRONG_SIZE  | a disk of another size                                | refuses                                 |
| NEWER       | a newer generation                                    | primary: is fenced, refuses             |
| OLDER       | an older generation                                   | refuses; the peer will be fenced        |
| SAME_ROLE   | the same role                                         | refuses                                 |
| BEHIND      | (a twin) less than it has acknowledged, or than is    | refuses                                 |
|             | still in the journal                                  |                                         |
| DIVERGED    | (a twin) a log that is no prefix of this board's      | refuses                                 |
| FOLLOWS     | (a twin) a prefix of this log; a fresh twin: nothing  | primary: sends from there; twin: takes  |
"""

from firmware.errors import Refused
from firmware.pair.identity import NO_PAIR, PRIMARY, TWIN


def refuse_strangers(mine, peer) -> None:
    """Raises Refused for a peer that is not the other board of this pair, whatever its role."""
    if peer.board_id == mine.board_id:
        raise Refused("%s reaches itself; set peer to the address of the other board" % mine.name)
    fresh = peer.pair_id == NO_PAIR or mine.pair_id == NO_PAIR
    if peer.pair_id != mine.pair_id and not fresh:
        raise Refused(
            "%s and %s belong to different pairs; connect each to its own peer, or give the twin "
            "an empty disk and journal to pair it anew" % (mine.name, peer.name)
        )
    if peer.disk_size != mine.disk_size:
        raise Refused(
            "the disk of %s has %d bytes and that of %s %d; give the twin a disk of the same size, or a larger one "
            "and the line disk_size with that of the primary" % (mine.name, mine.disk_size, peer.name, peer.disk_size)
        )


def refuse_roles(mine, peer) -> None:
    """Raises Refused unless one board is the primary, the other its twin, in the same generation."""
    fresh_twin = mine.pair_id == NO_PAIR or peer.pair_id == NO_PAIR
    if peer.generation != mine.generation and not (fresh_twin and peer.role != mine.role):
        newer, older = (mine, peer) if mine.generation > peer.generation else (peer, mine)
        raise Refused(
            "%s was promoted (generation %d) and %s is still of generation %d; it takes no more writes"
            % (newer.name, newer.generation, older.name, older.generation)
        )
    if peer.role == mine.role:
        raise Refused("%s and %s are both %s; one must be the other's twin" % (mine.name, peer.name, mine.role))
    if mine.fenced or peer.fenced:
        raise Refused("%s is fenced and sends nothing more" % (mine.name if mine.fenced else peer.name))


def must_fence(mine, peer) -> bool:
    """Whether this board has met the one that took over from it."""
    return (
        mine.role == PRIMARY and peer.pair_id == mine.pair_id and peer.generation > mine.generation
    )


def starting_point(mine, peer, journal, number: int, chain: int):
    """The Point from which the primary sends to a twin whose log ends behind group `number`.

    Raises Refused when that twin's log is no prefix of this one, or what follows it is gone.
    """
    if number > journal.head.number:
        raise Refused(
            "%s holds group %d, %s only %d: the journal of %s lost what its twin has; promote %s"
            % (peer.name, number, mine.name, journal.head.number, mine.name, peer.name)
        )
    if number < journal.acked.number or not journal.superblock.retain:
        raise Refused(
            "%s holds groups up to %d and the journal of %s starts behind %d; start the pair anew "
            "with an empty journal for both and an empty disk for the twin"
            % (peer.name, number, mine.name, journal.acked.number)
        )
    point = journal.find(number, chain)
    if point is None:
        raise Refused(
            "the logs of %s and %s differ at group %d; they are not the same disk" % (mine.name, peer.name, number)
        )
    return point


def refusal_of_hosts(mine, stopping: bool, failed: bool, playing: bool) -> str:
    """The sentence for a host that may not use this board's disk now; empty when it may."""
    if stopping:
        return "%s is stopping" % mine.name
    if mine.fenced:
        return "%s is fenced: its peer was promoted and is the one that takes writes" % mine.name
    if mine.role == TWIN:
        return "%s is a twin; promote it before a host may use its disk" % mine.name
    if failed:
        return "%s failed and serves nothing; see its alarms" % mine.name
    if playing:
        return "%s is still playing its journal; try again in a moment" % mine.name
    return ""
