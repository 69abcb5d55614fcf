"""What the API gives of the chronicle.

    GET /api/events[?since=ID][&lang=fr]        {"events": [..]} (status/events.py: content), the oldest first
    GET /api/series?span=hour|week[&points=N]   {"step_s", "start_ms", "kept", "lag_s": [..], "backlog_bytes": [..],
                                                "write_bytes_per_s": [..], "sent_bytes_per_s": [..]}

Both are made in pieces (status/chronicle/workshop.py). `kept` is false when all of this is in memory alone.
"""

import json

from firmware.httpd.answer import JSON, Answer, error_answer
from firmware.quantity import is_digits
from firmware.status.chronicle import query
from firmware.status.chronicle.workshop import Workshop
from firmware.status.events import content

MOST_POINTS, POINTS = 3600, 600
_EVENTS_AT_ONCE = 25
_LOOK_MS, _PATIENCE = 200, 75  # until it is known which events there were before
_MOST_DIGITS = 15
_BUSY = "the board is busy with other questions of this kind; ask again in a moment"
_SPAN = "say which series: span=hour or span=week"
_POINTS = "points is a number from 1 to %d" % MOST_POINTS
_SINCE = "since is the id of an event, a number"


class Routes:
    """`chronicle` is a Chronicle; `call_after(ms, call)` the loop's. `language(request)` and
    `translate(language, sentence)`: for whom sentences are."""

    def __init__(self, chronicle, events, clock, clock_set, call_after, language, translate):
        self._chronicle = chronicle
        self._events = events
        self._clock = clock
        self._clock_set = clock_set
        self._call_after = call_after
        self._language = language
        self._translate = translate
        self._workshop = Workshop(call_after)

    def routes(self) -> dict:
        """For Api's `more`."""
        return {"/api/events": {"GET": self._get_events}, "/api/series": {"GET": self._get_series}}

    # Series

    def _get_series(self, request, answer) -> None:
        span, points = request.query.get("span", ""), request.query.get("points", "%d" % POINTS)
        if span not in query.SPANS:
            answer(error_answer(400, _SPAN))
            return
        if not _is_number(points) or not 1 <= int(points) <= MOST_POINTS:
            answer(error_answer(400, _POINTS))
            return

        def make():
            chronicle = self._chronicle
            series = chronicle.seconds if span == query.HOUR else chronicle.minutes
            doubtful = self._clock_set() is False
            now_s = self._clock.wall_ms() // 1000
            return query.answer(series, span, int(points), now_s, doubtful, chronicle.kept)

        self._order((span, int(points)), make, answer)

    # Events

    def _get_events(self, request, answer) -> None:
        since = request.query.get("since", "0")
        if not _is_number(since):
            answer(error_answer(400, _SINCE))
        else:
            self._wait_for_events(int(since), self._language(request), answer, _PATIENCE)

    def _wait_for_events(self, since: int, language: str, answer, patience: int) -> None:
        if not self._events.numbered and patience:
            self._call_after(_LOOK_MS, self._wait_for_events, since, language, answer, patience - 1)
        else:
            self._order((since, language), lambda: self._listed(since, language), answer)

    def _listed(self, since: int, language: str):
        entries = self._events.since(since)
        pieces = []
        for first in range(0, len(entries), _EVENTS_AT_ONCE):
            some = entries[first : first + _EVENTS_AT_ONCE]
            pieces.append(", ".join([json.dumps(self._shown(event, language)) for event in some]))
            yield
        return ('{"events": [%s]}' % ", ".join(pieces)).encode()

    def _shown(self, event, language: str) -> dict:
        return content(event, self._translate(language, event.sentence))

    def _order(self, key, make, answer) -> None:
        def done(body, error) -> None:
            if error is None:
                answer(Answer(200, body, JSON))
            else:
                answer(error_answer(500, "this is a bug of the board: %r" % error))

        if not self._workshop.order(key, make, done):
            answer(error_answer(503, _BUSY, ("Retry-After: 1",)))


def _is_number(text: str) -> bool:
    return is_digits(text) and len(text) <= _MOST_DIGITS
