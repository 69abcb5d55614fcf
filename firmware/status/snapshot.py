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
    backlog_bytes   bytes of the groups behind `acked`
    oldest_ms       wall clock at which the oldest group behind `acked` was closed; None: there is none
    now_ms          wall clock
    clock_set       whether it was set from the network since the start; None where nobody tells
    journal_size    bytes of the ring, and of it needed:
    journal_used
    link_state      UP, or another word: "connecting", "waiting", "refused"
    link_peer       the other board's address or name, "" when none is known
    rtt_ms          round trip of the link; None when not measured
    sent_bytes raw_bytes   went over the wire; the host data they stood for
    alarms          list of sentences, the most urgent first

The snapshot is made of plain numbers, words, lists and dictionaries: json.dumps takes it as it is.
"""

UP = "up"
COPYING, CATCHING_UP = "copying", "catching up"

BEHIND_S = 5  # a twin that lacks a group for longer than this is behind

# The one word for the state: the first row that applies. `word: whether it applies to these facts`.
_STATES = (
    # Storage failed: the board takes no more writes until somebody looks at it.
    ("failed", lambda facts, age_s: facts["failure"] is not None),
    # The other board was promoted: this one takes no more writes.
    ("fenced", lambda facts, age_s: facts["fenced"]),
    # This board took over and has no twin yet.
    ("promoted", lambda facts, age_s: facts["promoted"] and facts["link_state"] != UP),
    # Nothing is mirrored now; the journal of the primary gathers.
    ("no link", lambda facts, age_s: facts["link_state"] != UP),
    # The first full copy is under way.
    ("copying", lambda facts, age_s: facts["activity"] == COPYING),
    # What the journal could not hold is being copied.
    ("catching up", lambda facts, age_s: facts["activity"] == CATCHING_UP),
    # The link is up and the oldest group that the twin lacks is older than BEHIND_S. A twin cannot know this.
    ("behind", lambda facts, age_s: facts["role"] == "primary" and age_s > BEHIND_S),
    # All is well.
    ("mirroring", lambda facts, age_s: True),
)


def snapshot(board) -> dict:
    """What GET /api/status answers; sizes in bytes, groups by number."""
    facts = board.facts()
    backlog = _backlog(facts)
    return {
        "name": facts["name"],
        "version": facts["version"],
        "role": facts["role"],
        "serving": facts["serving"],
        "state": _state(facts, backlog["seconds"]),
        "generation": facts["generation"],
        "consistent": facts["consistent"],
        "disk_size": facts["disk_size"],
        "copy": {"whole": facts["whole"], "bytes": facts["copied"]},
        "group": {word: facts[word] for word in ("written", "durable", "sent", "acked", "played")},
        "backlog": backlog,
        "journal": {"size": facts["journal_size"], "used": facts["journal_used"]},
        "history": {"size": 0, "used": 0, "oldest": None},
        "link": _link(facts),
        "clock": {"set": facts["clock_set"]},
        "alarms": _alarms(facts),
    }


def _state(facts: dict, age_s: float) -> str:
    for word, applies in _STATES:
        if applies(facts, age_s):
            return word


def _backlog(facts: dict) -> dict:
    seconds = 0
    if facts["oldest_ms"] is not None:
        # The clock of a board without a battery jumps when it first hears the time.
        seconds = max(0, facts["now_ms"] - facts["oldest_ms"]) / 1000
    groups = max(0, facts["written"] - facts["acked"])
    return {"bytes": facts["backlog_bytes"], "groups": groups, "seconds": seconds}


def _link(facts: dict) -> dict:
    return {
        "state": facts["link_state"],
        "peer": facts["link_peer"],
        "rtt_ms": facts["rtt_ms"],
        "sent_bytes": facts["sent_bytes"],
        "raw_bytes": facts["raw_bytes"],
    }


def _alarms(facts: dict) -> list:
    alarms = list(facts["alarms"])
    if facts["failure"] is not None and facts["failure"] not in alarms:
        alarms.insert(0, facts["failure"])
    return alarms
