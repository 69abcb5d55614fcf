"""What a board knows about itself, gathered for snapshot.py, which says what each name means."""

from firmware.pair.identity import PRIMARY
from firmware.status.conditions import fencing
from firmware.status.forecast import SHUT
from firmware.status.health import UNKNOWN
from firmware.status.snapshot import COPYING


def facts(board) -> dict:
    """The dictionary that snapshot.py describes."""
    who, journal = board.identity, board.journal
    first = who.role == PRIMARY
    link = board.peer.link
    part = link.part if link is not None else None
    known = {
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
        "now_ms": board.clock.wall_ms(),
        "clock_set": board.clock_set,
        "link_state": _link_state(board),
        "link_peer": board.peer.name,
        "rtt_ms": link.rtt_ms if link is not None else None,
        "sent_bytes": board.peer.counters.sent_bytes,
        "raw_bytes": board.peer.counters.raw_bytes,
        "alarms": _alarms(board),
    }
    known.update(_figures(board))
    if first:
        known.update(_oldest(board))
    return known


_FORESEEN = ("lag_s", "caught_up_s", "full_s", "full_cap", "full_quota")
_NONE = _FORESEEN + ("journal_growth", "rpo_s", "other", "oldest_ms")


def quiet() -> dict:
    """The facts that a board has which does not run, beyond its name."""
    numbers = ("cap", "held_bytes", "quota_bytes", "quota_used", "journal_size", "journal_used", "journal_written")
    known = dict.fromkeys(numbers, 0)
    known["quota_holds"] = False
    known.update(dict.fromkeys(_NONE))
    host = dict.fromkeys(("writes", "write_bytes", "reads", "read_bytes", "flushes"), 0)
    host["attached"] = False
    known.update(uptime_s=0, language="en", host=host, journal_full=False, health=UNKNOWN)
    known.update(damage="", copy_trouble="", refusal="", troubles={}, doubted=(), lacked_s=0)
    known.update(inherited=False, journal_may_be_full=False, told=0)
    return known


def _figures(board) -> dict:
    journal, volume, settings = board.journal, board.volume, board.settings
    known = quiet()
    known.update(zip(_FORESEEN, board.forecast.now(circumstances(board), board.clock.now_ms())))
    known.update({
        "uptime_s": _uptime_ms(board) / 1000,
        "language": settings.language,
        "rpo_s": settings.rpo,
        "told": 0 if board.identity.role == PRIMARY else board.peer.written,
        "host": {
            "attached": board.hosts.attached,
            "writes": volume.writes,
            "write_bytes": volume.write_bytes,
            "reads": volume.reads,
            "read_bytes": volume.read_bytes,
            "flushes": volume.flushes,
        },
        "journal_size": journal.ring.size,
        "journal_used": journal.behind(board.playback.point),
        "journal_written": journal.written_bytes,
        "journal_full": board.fullness.lasts and not board.identity.fenced,
        "journal_may_be_full": board.identity.role == PRIMARY and journal.may_be_full,
        "journal_growth": board.growth.bytes_per_s(_way(board)),
        "health": _health(board),
        "cap": board.pace.cap,
        "held_bytes": _held_bytes(board),
        "quota_bytes": board.pace.quota,
        "quota_used": board.pace.used,
        "quota_holds": board.pace.holds,
        "other": board.neighbour.shown(),
        "damage": board.peer.damage,
        "copy_trouble": board.copier.trouble,
        "refusal": board.peer.refusal,
        "troubles": dict(board.alarms),
        "doubted": [name for name in board.doubts.values() if name],
    })  # fmt: skip
    return known


def _health(board) -> dict:
    """With what the chronicle knows of the card's life."""
    health = board.health
    if board.chronicle is None:
        return health
    shown = dict(health)
    card = {"used_percent": health["card"]["used_percent"], "written_bytes": board.chronicle.card_bytes}
    shown["card"] = card
    return shown


def _held_bytes(board) -> int:
    """Bytes of the log that could go to the twin now, but for the rate or the quota. Under a rate, what has to wait for
    the twin to acknowledge something before is not held back: it would not go without a rate either."""
    pace, part = board.pace, board.peer.part
    capped = pace.cap > 0 and part is not None
    if board.identity.role != PRIMARY or not (pace.holds or (capped and not part.waits_for_twin)):
        return 0
    gone = board.journal.acked if part is None else part.sent_point
    return board.journal.head.position - gone.position


def look_at_growth(board) -> None:
    """Feeds the meter of the journal's growth; to be called every few seconds."""
    journal = board.journal
    needed = journal.behind(board.playback.point)
    written = journal.written_bytes - board.copier.logged_bytes  # without a link the copy stands still
    board.growth.note(board.clock.now_ms(), written, needed, _way(board))


def _way(board):
    """On which the journal is emptied (Growth): SHUT, or what the link may send."""
    retains = board.identity.role == PRIMARY and board.journal.superblock.retain
    linked, pace = board.peer.link is not None, board.pace
    if retains and not (linked and (pace.excess or not pace.holds)):
        return SHUT
    return (linked, pace.cap)


def circumstances(board) -> tuple:
    """What a forecast of this board rests on: when it changes, nobody has foreseen that."""
    who, pace = board.identity, board.pace
    linked, copying = board.peer.part is not None, board.copier.under_way
    return (who.role, who.fenced, linked, copying, pace.rate, pace.quota, pace.holds, pace.excess)


def _uptime_ms(board) -> int:
    return board.clock.now_ms() - board.started_ms


def _alarms(board) -> list:
    who, journal = board.identity, board.journal
    alarms = []
    if board.peer.damage:
        alarms.append(board.peer.damage)
    if who.fenced:
        alarms.append(fencing(who.name, journal.head.number - journal.acked.number))
    if board.copier.trouble:
        alarms.append(board.copier.trouble)
    if board.fullness.lasts and not who.fenced:
        alarms.append("the journal is full and the server waits")
    if not who.fenced and who.generation <= 1:  # a promoted board has no twin yet
        alarms += _unheard(board.peer)
    return alarms + [board.alarms[source] for source in sorted(board.alarms)]


def _unheard(peer) -> list:
    """Why there is no link: by a greeting that failed, and by who called and proved to be nobody."""
    caller = peer.caller if peer.caller != peer.refusal else ""
    return [sentence for sentence in (peer.refusal, caller) if sentence]


def _oldest(board) -> dict:
    """Of the oldest group that the twin lacks."""
    oldest = board.oldest
    oldest.look(board.peer.part, board.clock_set)
    return {
        "oldest_ms": oldest.closed_ms,
        "lacked_s": oldest.lacked_ms / 1000,
        "inherited": oldest.inherited,
    }


def _link_state(board) -> str:
    if board.peer.link is not None:
        return "up"
    if board.peer.refusal:
        return "refused"
    return "connecting" if board.dials else "waiting"
