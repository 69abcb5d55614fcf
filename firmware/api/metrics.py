"""GET /metrics: the snapshot as Prometheus reads it (exposition.py), in base units: bytes, seconds, ratios.

What a board does not know has no sample: a twin's lag (only who sends knows it), the age of what was written by a clock
that was not set, what the other board told too long ago, a condition that cannot be judged now, sensors that are not
there, a limit that is not set. Words of a few values (state, mood) are one sample for each of them, 1 for the one
that holds: `sosie_state{state="failed"} == 1`. So are conditions, by name and level.
"""

from firmware.api.exposition import GAUGE, KIND, Exposition
from firmware.api.measures import TABLE
from firmware.httpd.answer import Answer
from firmware.status.case import is_fresh
from firmware.status.conditions import CRITICAL, NAMES, WARNING
from firmware.status.words import BAD, GOOD, WARN

STATES = ("mirroring", "behind", "copying", "catching up", "no link", "promoted", "fenced", "failed")
STAGES = ("written", "durable", "sent", "acked", "played")
_JITTER_S = 2  # by which two clocks disagree on when the board was started

_AGE = "other_age_seconds"  # of what the other board told; when it is old, that is no figure of now
_OF_THE_SENDER = ("other_backlog_bytes", "other_lag_seconds")  # a twin knows no backlog of its own, and so says none


class Metrics:
    """`show()` gives the snapshot; channels() the receivers of alerts, as GET /api/alerts tells of them."""

    def __init__(self, show, channels=None):
        self._show = show
        self._channels = channels or (list)
        self._start_s = None

    def routes(self) -> dict:
        """For Api's `more`."""
        return {"/metrics": {"GET": self._tell}}

    def _tell(self, request, answer) -> None:
        status = self._show()
        answer(Answer(200, metrics(status, self._channels(), self._start(status)).encode(), KIND))

    def _start(self, status: dict) -> float:
        """When the board was started. It stays the same while the clock does: one that is seen to change is taken for
        a restart."""
        start_s = status["time_ms"] / 1000 - status["uptime_s"]
        if self._start_s is None or abs(start_s - self._start_s) > _JITTER_S:
            self._start_s = start_s
        return self._start_s


def metrics(status: dict, channels: list, start_s: "float | None" = None) -> str:
    """All families. `start_s`: since 1970."""
    made = Exposition()
    _who(made, status)
    made.add("start_time_seconds", GAUGE, "When the firmware was started, since 1970.", start_s)
    _safety(made, status)
    for name, kind, text, path, unit in TABLE:
        made.add(name, kind, text, _measured(status, name, path, unit))
    _limits(made, status["link"])
    _conditions(made, status["conditions"], status["unknown"])
    _alerts(made, channels)
    return made.text()


def _measured(status: dict, name: str, path: tuple, unit: "int | None"):
    if name in _OF_THE_SENDER and status["role"] != "twin":
        return None
    if path[0] == "other" and name != _AGE and not is_fresh(status["other"]):
        return None
    for step in path:
        status = status.get(step) if isinstance(status, dict) else None
    return status / unit if unit and status is not None else status


def _who(made: Exposition, status: dict) -> None:
    about = [(word, str(status[word])) for word in ("name", "role", "version", "state")]
    made.family("info", GAUGE, "Which board this is; always 1.", ((about, 1),))
    _one_of(made, "state", "What the board does, as one word; 1 for the one that holds.", STATES, status["state"])
    mood, moods = status["words"]["mood"], (GOOD, WARN, BAD)
    _one_of(made, "mood", "What to feel about it: good, warn (attention), bad (not safe).", moods, mood)


def _one_of(made: Exposition, name: str, text: str, words: tuple, word: str) -> None:
    made.family(name, GAUGE, text, [(((name, each),), each == word) for each in words])


def _safety(made: Exposition, status: dict) -> None:
    link, backlog = status["link"], status["backlog"]
    sends = status["role"] == "primary"
    made.add("link_up", GAUGE, "Whether the boards reach each other.", link["state"] == "up")
    made.add("backlog_bytes", GAUGE, "What the twin does not have yet.", backlog["bytes"] if sends else None)
    made.add("backlog_groups", GAUGE, "The same in groups of writes.", backlog["groups"] if sends else None)
    lag_s = backlog["seconds"] if sends else None
    made.add("lag_seconds", GAUGE, "Age of the oldest write that the twin lacks.", lag_s)
    stages = [((("stage", stage),), status["group"][stage]) for stage in STAGES]
    made.family("group", GAUGE, "Number of the last group of writes that got there.", stages)
    told = "How many things are to be put right; sosie_condition has all."
    made.add("alarms", GAUGE, told, len(status["alarms"]))


def _limits(made: Exposition, link: dict) -> None:
    """What is not limited has none of them."""
    cap, quota = link["cap"], link["quota"]["bytes"]
    made.add("link_cap_bytes_per_second", GAUGE, "What the link may send now (setting rate).", cap / 8 if cap else None)
    made.add("link_quota_bytes", GAUGE, "What it may send a day (setting quota).", quota or None)


def _conditions(made: Exposition, conditions: list, unknown: list) -> None:
    level_of = {each["name"]: each["level"] for each in conditions}
    samples = []
    for name in [each for each in NAMES if each not in unknown]:
        for level in (WARNING, CRITICAL):
            samples.append(((("name", name), ("level", level)), level_of.get(name) == level))
    made.family("condition", GAUGE, "What is not as it should be; 1 while it holds.", samples)
    since = [((("name", each["name"]),), each["since_ms"] / 1000) for each in conditions]
    made.family("condition_since_timestamp_seconds", GAUGE, "Since when it holds, since 1970.", since)


_CHANNEL_STATES = ("untried", "ok", "failing", "silent")


def _alerts(made: Exposition, channels: list) -> None:
    # Not `to`: with `look = anyone` this is for everybody.
    named = [((("channel", each["id"]), ("kind", each["kind"])), each) for each in channels]
    states = []
    for labels, each in named:
        states += [(labels + (("state", word),), each["state"] == word) for word in _CHANNEL_STATES]
    made.family("alert_channel", GAUGE, "How a receiver of alerts is reached; 1 for the state that holds.", states)
    waiting = [(labels, each["waiting"]) for labels, each in named]
    made.family("alert_channel_waiting", GAUGE, "Notices that a receiver was not told yet.", waiting)
    last = [(labels, None if each["last_ms"] is None else each["last_ms"] / 1000) for labels, each in named]
    made.family("alert_channel_last_success_timestamp_seconds", GAUGE, "When it last took something, since 1970.", last)
