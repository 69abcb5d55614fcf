"""The other board as it describes itself: for showing, never for a decision.

A report is one flat JSON object (flatjson.py) of at most MAX_BYTES, made of a snapshot by the table below and made into
the same shape again at the other end. What comes over the link may be anything: one name of the table with a value of
another kind, and all of it is dropped. Names that the table does not have are of a newer firmware, and ignored.
"""

from firmware import flatjson
from firmware.errors import ProtocolError
from firmware.status.heard import Heard

MAX_BYTES = 4096
_MAX_TEXT = 200  # characters
_MAX_NUMBER = 1 << 60
_MOST_ALARMS = 8
_LEAST_GAP_MS = 500  # between two that are looked at: a board that floods us costs us little

# A board that spares its quota tells each 60 s; on a thin line the gaps are longer (link/bulletin.py).
_FRESH_MS = 70000

TEXT, NUMBER, FLAG, LINES = 1, 2, 3, 4

# name in the report, where it stands in a snapshot, what it is
TABLE = (
    ("name", ("name",), TEXT),
    ("version", ("version",), TEXT),
    ("role", ("role",), TEXT),
    ("state", ("state",), TEXT),
    ("mood", ("mood",), TEXT),
    ("serving", ("serving",), FLAG),
    ("consistent", ("consistent",), FLAG),
    ("generation", ("generation",), NUMBER),
    ("backlog_bytes", ("backlog", "bytes"), NUMBER),
    ("backlog_groups", ("backlog", "groups"), NUMBER),
    ("backlog_seconds", ("backlog", "seconds"), NUMBER),
    ("journal_size", ("journal", "size"), NUMBER),
    ("journal_used", ("journal", "used"), NUMBER),
    ("journal_full_in_s", ("journal", "full_in_s"), NUMBER),
    ("link_cap", ("link", "cap"), NUMBER),
    ("link_held_bytes", ("link", "held_bytes"), NUMBER),
    ("quota_bytes", ("link", "quota", "bytes"), NUMBER),
    ("quota_used", ("link", "quota", "used"), NUMBER),
    ("quota_holds", ("link", "quota", "holds"), FLAG),
    ("forecast_lag_s", ("forecast", "lag_s"), NUMBER),
    ("forecast_caught_up_s", ("forecast", "caught_up_s"), NUMBER),
    ("forecast_full_s", ("forecast", "full_s"), NUMBER),
    ("rpo_s", ("rpo_s",), NUMBER),
    ("host_attached", ("host", "attached"), FLAG),
    ("temperature_c", ("health", "temperature_c"), NUMBER),
    ("under_voltage", ("health", "under_voltage"), FLAG),
    ("card_used_percent", ("health", "card", "used_percent"), NUMBER),
    ("disk_ok", ("health", "disk", "ok"), FLAG),
    ("disk_sentence", ("health", "disk", "sentence"), TEXT),
    ("alarms", ("alarms",), LINES),
)
_ROLES = ("primary", "twin")
_MOODS = ("good", "warn", "bad")
_MAY_BE_NEGATIVE = ("temperature_c",)


def pack(status: dict) -> bytes:
    """The report of the board with this snapshot."""
    parts, shown = [], dict(status, mood=_found(status, ("words", "mood")))
    for name, path, kind in TABLE:
        value = _found(shown, path)
        if value is not None:
            said = _number(name, value) if kind == NUMBER else _WRITERS[kind](value)
            parts.append('"%s":%s' % (name, said))
    # The alarms come last and are what may be long.
    while len(_whole(parts)) > MAX_BYTES:
        parts.pop()
    return _whole(parts)


def _whole(parts: list) -> bytes:
    return ("{%s}" % ",".join(parts)).encode()


def _found(status, path: tuple):
    for step in path:
        status = status.get(step) if isinstance(status, dict) else None
    return status


def _quoted(text: str) -> str:
    plain = [c if c >= " " and c != "\x7f" and not 0xD800 <= ord(c) < 0xE000 else "?" for c in text]
    return '"%s"' % "".join(["\\" + c if c in '"\\' else c for c in plain])


_WRITERS = {
    TEXT: lambda value: _quoted(value[:_MAX_TEXT]),
    FLAG: lambda value: "true" if value else "false",
    LINES: lambda value: '"%s"' % "\\n".join([_quoted(line[:_MAX_TEXT])[1:-1] for line in value[:_MOST_ALARMS]]),
}


def _number(name: str, value) -> str:
    return "%d" % max(_least(name), min(_MAX_NUMBER, int(value)))


def _least(name: str) -> int:
    return -_MAX_NUMBER if name in _MAY_BE_NEGATIVE else 0


def unpack(data: bytes) -> dict:
    """What a report says, in the shape of a snapshot, None where it does not say it. Raises ProtocolError."""
    if len(data) > MAX_BYTES:
        raise ProtocolError("a report has at most %d bytes" % MAX_BYTES)
    said, status = flatjson.parse(data), {}
    for name, path, kind in TABLE:
        value = said.get(name)
        _put(status, path, None if value is None else _checked(name, value, kind))
    if not status["name"] or status["role"] not in _ROLES or not status["state"]:
        raise ProtocolError("a report without a name, a role or a state")
    if status["mood"] not in _MOODS:  # a newer firmware may have others
        status["mood"] = None
    status["alarms"] = [] if status["alarms"] is None else status["alarms"]
    return status


def _checked(name: str, value, kind: int):
    """`value` as it may be shown."""
    if kind == FLAG:
        fits = isinstance(value, bool)
    elif kind == NUMBER:
        fits = isinstance(value, int) and not isinstance(value, bool) and _least(name) <= value <= _MAX_NUMBER
    else:
        fits = isinstance(value, str)
    if not fits:
        raise ProtocolError("%s of a report is not what it should be" % name)
    if kind == LINES:
        return [_plain(line) for line in value.split("\n")[:_MOST_ALARMS] if line]
    return _plain(value) if kind == TEXT else value


def _plain(text: str) -> str:
    """Nothing that could steer a terminal or forge a line."""
    return "".join([c if c >= " " and not "\x7f" <= c < "\xa0" else "?" for c in text[:_MAX_TEXT]])


def _put(status: dict, path: tuple, value) -> None:
    for step in path[:-1]:
        status = status.setdefault(step, {})
    status[path[-1]] = value


class Neighbour:
    """What was last heard of the other board. `now_ms` is the monotonic clock, `held()` the number of the last group
    that is durable here."""

    def __init__(self, now_ms, held):
        self._now_ms = now_ms
        self._heard = Heard(now_ms, held)
        self.forget()

    def hear(self, data: bytes) -> None:
        """A report came; one that makes no sense changes nothing. Of those that come too soon the last one counts, as
        soon as it may be looked at."""
        self._unread, self._came_ms = data, self._now_ms()
        self._look()

    def _look(self) -> None:
        now = self._now_ms()
        too_soon = self._looked_ms is not None and now - self._looked_ms < _LEAST_GAP_MS
        if self._unread is None or too_soon:
            return
        data, self._unread, self._looked_ms = self._unread, None, now
        try:
            self._status = unpack(data)
        except ProtocolError:
            return
        gap_ms = 0 if self._told_ms is None else self._came_ms - self._told_ms
        self._fresh_ms = max(_FRESH_MS, 3 * gap_ms)
        self._told_ms = self._came_ms

    def beat(self, number: int) -> None:
        """A heartbeat came: the other board has group `number`."""
        self._heard.hear(number)

    def forget(self) -> None:
        """The link is gone, or another one has come."""
        self._status = self._looked_ms = self._told_ms = None
        self._unread = self._came_ms = None  # the last report, while it is too soon to look at it; when it came
        self._fresh_ms = _FRESH_MS
        self._heard.forget()

    def shown(self) -> "dict | None":
        """Its status as it said; None: nothing is known of it. With

        age_s      seconds since it said so
        fresh_s    the age up to which that counts
        heard_s    seconds since its last heartbeat; None: none has come
        lacked_s   seconds for which this board has lacked a group that a heartbeat told of
        """
        self._look()
        if self._status is None:
            return None
        shown = dict(self._status)
        shown["age_s"] = (self._now_ms() - self._told_ms) // 1000
        shown["fresh_s"] = self._fresh_ms // 1000
        shown["heard_s"], shown["lacked_s"] = self._heard.heard_s, self._heard.lacked_s
        return shown
