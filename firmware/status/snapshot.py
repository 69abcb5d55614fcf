"""Everything that any surface shows of a board, computed here and nowhere else.

`snapshot(board)` reads `board.facts()`, a dictionary with these names:

    name role generation disk_size fenced   of the board's identity
    version         of the firmware, as text
    serving         True when the board does what it is there for: its disk can be used by whom it is meant for
    promoted        True when this board became primary by a promotion
    failure         None, or the sentence that says why the board takes no more writes
    consistent      True when the disk holds, or can be brought to, a group boundary
    copied          bytes of the disk, from its start, that the first copy has put into the log
    whole           True when the twin (of which this board knows) holds a whole copy of the disk
    activity        None, or COPYING or CATCHING_UP while that is under way
    written         number of the last group closed here (a twin: the last one received)
    durable         number of the last group durable in the journal here
    sent            number of the last group given to the link (a twin: the last one received)
    acked           number of the last group that the twin holds durably, as far as this board knows
    played          number of the last group written to the disk here
    told            number of the last group that the other board has told of; 0 on a primary
    backlog_bytes   bytes of the groups behind `acked`
    oldest_ms       wall clock at which the oldest group behind `acked` was closed; None: there is none, or nobody knows
    lacked_s        seconds for which the twin has lacked that group at least, by the clock that never jumps
    inherited       True when that group is of an earlier life of this board
    now_ms          wall clock
    uptime_s        since the start of the firmware
    clock_set       whether it was set from the network since the start; None where nobody tells
    journal_size    bytes of the ring, and of it needed, for the twin or the disk lacks them:
    journal_used
    journal_full    True while a host waits for room in it, for longer than it takes to give room back
    journal_may_be_full   True while there is no room for the largest write, and no host has looked since the start
    journal_written bytes written into it since the start
    journal_growth  bytes per second by which it fills, as the last minutes tell; None: they do not
    link_state      UP, or another word: "connecting", "waiting", "refused"
    link_peer       the other board's address or name, "" when none is known
    rtt_ms          round trip of the link; None when not measured
    sent_bytes raw_bytes   went over the wire; the host data they stood for
    cap             bits per second that the link may use now; 0: as many as it can
    held_bytes      bytes of the log that could go now, but for the rate or the quota
    quota_bytes quota_used quota_holds   bytes a day (0: no quota), of them used today; whether it holds groups back
    lag_s           the worst lag of the next 24 h at today's pace, in seconds; None: nobody knows
    caught_up_s     seconds until nothing is behind at today's pace; 0: nothing is, as was foreseen; None: not within
                    24 h, or nobody knows
    full_s          seconds until the journal is full at today's pace, rate and quota; None likewise
    full_cap        bits per second of the rate by the clock at that time; 0: none, None likewise
    full_quota      whether the quota is used up at that time; None likewise
    rpo_s           seconds by which the twin may be behind; None: whatever it is
    host            {attached, writes, write_bytes, reads, read_bytes, flushes} since the start; attached: has it now
    health          as in health.py
    other           None, or the other board's own short status while the link is up
    damage copy_trouble refusal   sentences, empty as a rule: what cannot be read any more, of the journal, and of the
                    disk by the first copy; why the other board was turned away
    troubles        {source: sentence} of those outside of the board, who cannot do their part
    doubted         names of conditions of which one of those cannot tell yet
    alarms          list of sentences, the most urgent first
    language        of those who look after this board: "en", "fr"

A board gives `since` as well, a Since (conditions.py). The snapshot is made of plain numbers, words, lists and
dictionaries: json.dumps takes it as it is. Sentences in it are in one language.
"""

from firmware.status import texts
from firmware.status.case import is_held
from firmware.status.conditions import FILLING_PERCENT, conditions
from firmware.status.forecast import full_in_s, left_s
from firmware.status.lag import is_behind, lag_s
from firmware.status.translation import translate
from firmware.status.unknown import unknown
from firmware.status.words import words

UP = "up"
COPYING, CATCHING_UP = "copying", "catching up"

# The one word for the state: the first row that applies. `word: whether it applies to these facts`.
_STATES = (
    # Storage failed: the board takes no more writes until somebody looks at it.
    ("failed", lambda facts: facts["failure"] is not None),
    # The other board was promoted: this one takes no more writes.
    ("fenced", lambda facts: facts["fenced"]),
    # This board took over and has no twin yet.
    ("promoted", lambda facts: facts["promoted"] and facts["link_state"] != UP),
    # Nothing is mirrored now; the journal of the primary gathers.
    ("no link", lambda facts: facts["link_state"] != UP),
    # The first full copy is under way.
    ("copying", lambda facts: facts["activity"] == COPYING),
    # What the journal could not hold is being copied.
    ("catching up", lambda facts: facts["activity"] == CATCHING_UP),
    # The link is up and the twin lacks a group for too long (lag.py). A twin cannot know this.
    ("behind", lambda facts: facts["role"] == "primary" and is_behind(facts)),
    # All is well.
    ("mirroring", lambda facts: True),
)


def snapshot(board, language: "str | None" = None) -> dict:
    """What GET /api/status answers; sizes in bytes, groups by number. `language` of its sentences: the board's own
    when it is None or not known."""
    facts = board.facts()
    language = texts.known(language or facts["language"])
    status = _figures(facts)
    held = is_held(status)
    status["journal"] = _journal(facts, held)
    status["forecast"] = _forecast(facts, held)
    status["language"] = language
    status["alarms"] = [translate(language, sentence) for sentence in _alarms(facts)]
    status["health"] = _health(facts["health"], language)
    status["other"] = _other(facts["other"], language)
    status["conditions"] = conditions(status, facts, language)
    status["unknown"] = unknown(status, facts)
    board.since.date(status["conditions"], facts["now_ms"], facts["uptime_s"])
    status["words"] = words(status, language)
    return status


def _figures(facts: dict) -> dict:
    return {
        "name": facts["name"],
        "version": facts["version"],
        "role": facts["role"],
        "serving": facts["serving"],
        "state": _state(facts),
        "generation": facts["generation"],
        "consistent": facts["consistent"],
        "disk_size": facts["disk_size"],
        "copy": {"whole": facts["whole"], "bytes": facts["copied"]},
        "group": {word: facts[word] for word in ("written", "durable", "sent", "acked", "played")},
        "backlog": _backlog(facts),
        "missing_groups": max(0, facts["told"] - facts["durable"]),
        "history": {"size": 0, "used": 0, "oldest": None},
        "link": _link(facts),
        "clock": {"set": facts["clock_set"]},
        "time_ms": facts["now_ms"],
        "uptime_s": facts["uptime_s"],
        "host": facts["host"],
        "rpo_s": facts["rpo_s"],
    }


def _state(facts: dict) -> str:
    for word, applies in _STATES:
        if applies(facts):
            return word


def _backlog(facts: dict) -> dict:
    """`seconds` is None where the age of what the twin lacks is not known."""
    seconds = lag_s(facts) if facts["role"] == "primary" else 0
    return {"bytes": facts["backlog_bytes"], "groups": max(0, facts["written"] - facts["acked"]), "seconds": seconds}


def _journal(facts: dict, held: bool) -> dict:
    """`full_in_s`: the one figure for when the journal is full; None of a board that takes no writes of a host."""
    takes_writes = facts["role"] == "primary" and not facts["fenced"] and facts["failure"] is None
    return {
        "size": facts["journal_size"],
        "used": facts["journal_used"],
        "written_bytes": facts["journal_written"],
        "growth_bytes_per_s": facts["journal_growth"],
        "full_in_s": _full_in_s(facts, held) if takes_writes else None,
    }


def _full_in_s(facts: dict, held: bool) -> "float | None":
    size, used, linked = facts["journal_size"], facts["journal_used"], facts["link_state"] == UP
    # What is on its way comes and goes, and grows to nothing.
    gathers = not linked or is_behind(facts) or used * 100 >= size * FILLING_PERCENT
    growth = facts["journal_growth"] if gathers else None
    by_growth_s = full_in_s(max(0, size - used), growth, facts["journal_full"])
    if not gathers and not held and by_growth_s is None:
        return None  # a forecast may see a full journal hours ahead, but nothing fills it now
    return left_s(by_growth_s, linked, facts["caught_up_s"], facts["full_s"])


def _forecast(facts: dict, held: bool) -> dict:
    """A forecast is of the last minute: one in which nothing would be behind by now knows nothing of what is. Not
    `caught_up_s` alone is void then, for without it `lag_s` would say that a day is not enough."""
    said = {word: facts[word] for word in ("lag_s", "caught_up_s", "full_s", "full_cap", "full_quota")}
    if said["caught_up_s"] == 0 and (held or is_behind(facts)):
        said["lag_s"] = said["caught_up_s"] = None
    return said


def _health(health: dict, language: str) -> dict:
    disk = health["disk"]
    if disk["sentence"]:
        disk = {"ok": disk["ok"], "sentence": translate(language, disk["sentence"])}
    shown = {word: health[word] for word in health}
    shown["disk"] = disk
    return shown


def _other(other: "dict | None", language: str) -> "dict | None":
    if other is None:
        return None
    shown = {word: other[word] for word in other}
    if other.get("alarms"):
        shown["alarms"] = [translate(language, sentence) for sentence in other["alarms"]]
    if other.get("health") and other["health"].get("disk"):
        shown["health"] = _health(other["health"], language)
    return shown


def _link(facts: dict) -> dict:
    return {
        "state": facts["link_state"],
        "peer": facts["link_peer"],
        "rtt_ms": facts["rtt_ms"],
        "sent_bytes": facts["sent_bytes"],
        "raw_bytes": facts["raw_bytes"],
        "cap": facts["cap"],
        "held_bytes": facts["held_bytes"],
        "quota": {"bytes": facts["quota_bytes"], "used": facts["quota_used"], "holds": facts["quota_holds"]},
    }


def _alarms(facts: dict) -> list:
    alarms = list(facts["alarms"])
    if facts["failure"] is not None and facts["failure"] not in alarms:
        alarms.insert(0, facts["failure"])
    return alarms
