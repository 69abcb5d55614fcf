"""What a board knows about itself, gathered for snapshot.py, which says what each name means."""

from firmware.errors import Damaged
from firmware.pair.identity import PRIMARY
from firmware.status.snapshot import COPYING


def facts(board) -> dict:
    """The dictionary that snapshot.py describes."""
    who, journal = board.identity, board.journal
    first = who.role == PRIMARY
    link = board.peer.link
    part = link.part if link is not None else None
    return {
        "name": who.name,
        "version": board.version,
        "role": who.role,
        "generation": who.generation,
        "disk_size": who.disk_size,
        "fenced": who.fenced,
        "promoted": first and who.generation > 1,
        "failure": board.failure,
        "serving": board.serving,
        "consistent": first or who.whole > 0,
        "copied": who.copied,
        "whole": not board.copier.under_way,
        "activity": COPYING if board.copier.under_way and link is not None else None,
        "written": journal.received_number + (journal.open is not None),
        "durable": journal.head.number,
        "sent": (part.sent_number if part is not None else journal.acked.number) if first else journal.head.number,
        "acked": journal.acked.number if first else journal.head.number,
        "played": board.playback.point.number,
        "backlog_bytes": journal.ahead if first else 0,
        "oldest_ms": _oldest_unsent_ms(board) if first else None,
        "now_ms": board.clock.wall_ms(),
        "clock_set": board.clock_set,
        "journal_size": journal.ring.size,
        "journal_used": journal.used,
        "link_state": _link_state(board),
        "link_peer": board.peer.name,
        "rtt_ms": link.rtt_ms if link is not None else None,
        "sent_bytes": board.peer.counters.sent_bytes,
        "raw_bytes": board.peer.counters.raw_bytes,
        "alarms": _alarms(board),
    }


def _alarms(board) -> list:
    who, journal = board.identity, board.journal
    alarms = []
    if board.peer.damage:
        alarms.append(board.peer.damage)
    if who.fenced:
        unsent = journal.head.number - journal.acked.number
        kept = "the %d groups that it never sent stay in its journal" % unsent if unsent else "it had sent everything"
        alarms.append("%s is fenced: the other board was promoted; %s" % (who.name, kept))
    if board.copier.trouble:
        alarms.append(board.copier.trouble)
    if journal.full and not who.fenced:
        alarms.append("the journal is full and the host waits: bring the link or the twin back")
    if board.peer.refusal and not who.fenced and who.generation <= 1:  # a promoted board has no twin yet
        alarms.append(board.peer.refusal)
    return alarms + [board.alarms[source] for source in sorted(board.alarms)]


def _oldest_unsent_ms(board) -> "int | None":
    """Wall clock at which the oldest group that the twin lacks was sealed; None when it lacks none."""
    journal = board.journal
    if journal.acked.number < journal.head.number:
        try:
            return journal.peek(journal.acked).time_ms
        except (Damaged, OSError):
            return None
    if journal.open is not None:
        return board.clock.wall_ms() - (board.clock.now_ms() - journal.open.opened_ms)
    return None


def _link_state(board) -> str:
    if board.peer.link is not None:
        return "up"
    if board.peer.refusal:
        return "refused"
    return "connecting" if board.dials else "waiting"
