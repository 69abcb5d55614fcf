"""The snapshot in words, the same on every surface: is it safe, what would be lost now, what is to be done."""

from firmware.quantity import duration_text, size_text

_SENTENCES = {
    "mirroring": "All is well: the twin follows within seconds.",
    "behind": "The twin is behind; the link or its disk is slower than the writes.",
    "copying": "The first full copy is under way; the twin cannot take over yet.",
    "catching up": "The twin is catching up; until then it can take over with an older state.",
    "no link": "The other board is not reached; the journal keeps what the twin lacks.",
    "promoted": "This board took over and serves its disk; it has no twin now.",
    "fenced": "The other board took over; this one takes no more writes.",
    "failed": "Something failed, and this board takes no writes: the alarm says what to do.",
}
_TWIN_SENTENCES = {
    "mirroring": "All is well: this board is the twin and receives what the other one writes.",
    "copying": "The first full copy is under way; this board cannot take over yet.",
    "no link": "The other board is not reached; what it writes now is not here.",
}
_VERDICTS = {
    "mirroring": "SAFE",
    "behind": "BEHIND",
    "copying": "NOT SAFE YET",
    "catching up": "BEHIND",
    "no link": "NOT MIRRORED",
    "promoted": "NO TWIN",
    "fenced": "FENCED",
    "failed": "FAILED",
}
_ADVICE = {
    "mirroring": "nothing",
    "behind": "nothing, if it passes; if it stays, a faster line or fewer writes",
    "copying": "nothing; leave both boards on until the copy is complete",
    "catching up": "nothing; leave both boards on until it is done",
    "promoted": "start a new pair from this disk when you can",
    "fenced": "let the server use the other board's disk",
    "failed": "what the alarm says",
}


def sentence(status: dict) -> str:
    """What the state means."""
    if status["role"] == "twin" and status["state"] in _TWIN_SENTENCES:
        return _TWIN_SENTENCES[status["state"]]
    return _SENTENCES[status["state"]]


def verdict(status: dict) -> tuple:
    """(safe or not, in capitals; how far behind the twin is), both a few words."""
    return _VERDICTS[status["state"]], _distance(status)


def _distance(status: dict) -> str:
    state, copy = status["state"], status["copy"]
    if state == "copying":
        return "the first copy is at %d %%" % _percent(copy["bytes"], status["disk_size"])
    if state in ("fenced", "failed"):
        return "this board takes no more writes"
    if state == "promoted":
        return "this disk exists once"
    if status["role"] == "twin":
        if not status["consistent"]:
            return "this board has no whole copy"
        return "this board has everything up to group %d" % status["group"]["durable"]
    if not copy["whole"]:
        return "the twin has no whole copy"
    missing = _missing(status["backlog"])
    return "the twin lacks " + missing if missing else "the twin has everything"


def loss(status: dict) -> str:
    """What would be lost if the first site burned now."""
    if not status["disk_size"]:  # a board that does not run, and has not looked
        return "not known while this board does not run"
    if status["role"] == "twin":
        return _loss_beside_twin(status)
    if status["state"] == "promoted":
        return "everything: there is no twin"
    if status["state"] == "fenced":
        return "nothing that the other board has; see the alarm"
    if not status["copy"]["whole"]:
        return "everything: the twin has no whole copy yet"
    return _missing(status["backlog"]) or "nothing"


def _loss_beside_twin(status: dict) -> str:
    if not status["consistent"]:
        return "everything: this board has no whole copy yet"
    if status["link"]["state"] != "up":
        return "what the other board has written since the link was lost"
    return "nothing but what is on its way here"


def advice(status: dict) -> str:
    """What its operator should do now."""
    state = status["state"]
    if state in ("fenced", "failed"):
        return _ADVICE[state]
    if status["alarms"]:
        return "what the alarm says" if len(status["alarms"]) == 1 else "what the alarms say"
    if state != "no link":
        return _ADVICE[state]
    if status["role"] == "twin":
        return "bring the link or the other board back; if it is lost for good, promote"
    journal = status["journal"]
    return "bring the link or the twin back; the journal has room for %s more" % size_text(
        max(0, journal["size"] - journal["used"])
    )


def rows(status: dict) -> list:
    """[(word, value)]: the whole snapshot as a table."""
    journal, link, group = status["journal"], status["link"], status["group"]
    return [
        ("Would be lost now", loss(status)),
        ("To do", advice(status)),
        ("Role", "%s, generation %d" % (status["role"], status["generation"])),
        ("Disk", size_text(status["disk_size"]) + ("" if status["consistent"] else ", not consistent yet")),
        ("Journal", "%s of %s in use" % (size_text(journal["used"]), size_text(journal["size"]))),
        ("Link", _link(link)),
        ("Sent", "%s for %s of writes" % (size_text(link["sent_bytes"]), size_text(link["raw_bytes"]))),
        ("Groups", ", ".join(["%s %d" % (word, group[word]) for word in ("written", "durable", "acked", "played")])),
    ]


def _missing(backlog: dict) -> str:
    """Empty when nothing is missing."""
    count = backlog["groups"]
    if not count:
        return ""
    return "%d %s, %s, the oldest %s old" % (
        count,
        "group" if count == 1 else "groups",
        size_text(backlog["bytes"]),
        duration_text(backlog["seconds"]),
    )


def _link(link: dict) -> str:
    words = [link["state"]]
    if link["peer"]:
        words.append("to " + link["peer"])
    if link["rtt_ms"] is not None:
        words.append("(%d ms)" % link["rtt_ms"])
    return " ".join(words)


def _percent(part: int, whole: int) -> int:
    return min(99, part * 100 // whole) if whole else 0
