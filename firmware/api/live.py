"""`GET /api/live`: what the board is, each second, and what happens to it, as server-sent events for many pages.

    event: status     the snapshot
    event: happened   one event as GET /api/events has it

The snapshot is made and serialised once per second and language, for all who look, and only while somebody does. It
goes to one after the other, STEP_MS apart: on a small board each costs a millisecond, and a host's write that comes in
between should not wait for all of them. A client that is slow is not waited for and nothing queues up for it: of the
snapshots it gets the newest one when it is ready again, of the events the last few.
"""

import json

from firmware.httpd.answer import error_answer
from firmware.httpd.stream import Stream
from firmware.status.events import content

EVERY_MS = 1000
STEP_MS = 10
MOST = 24  # who look at a time
MOST_EVENTS = 32  # that wait for one of them
_KIND = "text/event-stream; charset=utf-8"
_HEADERS = ("X-Accel-Buffering: no",)
_FULL = "%d pages look at this board already; close one of them, or ask /api/status" % MOST


class Live:
    """`show(language)` gives the snapshot; `translate(language, sentence)`; `languages` are those that there are, the
    first one for who asks for none of them. `call_after(ms, call)` is a timer."""

    def __init__(self, show, call_after, now_ms, languages=("en",), translate=None):
        self._show = show
        self._call_after = call_after
        self._now_ms = now_ms
        self._languages = languages
        self._translate = translate
        self._lookers = []
        self._turn = []  # of these who get this second's snapshot yet
        self._frames = {}  # language -> (when, frame)
        self._ticking = False

    @property
    def count(self) -> int:
        """How many look."""
        return len(self._lookers)

    def routes(self) -> dict:
        """For Api's `more`."""
        return {"/api/live": {"GET": self._look}}

    def language(self, request) -> str:
        """The one that a request asks for, if there is such a one."""
        wish = request.query.get("lang", "")
        return wish if wish in self._languages else self._languages[0]

    def happened(self, event) -> None:
        """An Event that has its number."""
        frames = {}
        for looker in self._lookers:
            language = looker.language
            if language not in frames:
                frames[language] = self._event(language, event)
            looker.tell(frames[language])

    def _event(self, language: str, event) -> bytes:
        translate = self._translate
        sentence = event.sentence if translate is None else translate(language, event.sentence)
        return frame("happened", content(event, sentence))

    # Lookers

    def _look(self, request, answer) -> None:
        if len(self._lookers) >= MOST and not (request.stays and self._send_one_away()):
            answer(error_answer(503, _FULL, ("Retry-After: 30",)))
        else:
            answer(Stream(Looker(self, self.language(request), request.still, request.stays), _KIND, _HEADERS))

    def _send_one_away(self) -> bool:
        """Room for somebody who is known: of those who are not, the one who has looked longest goes."""
        for looker in self._lookers:
            if not looker.known:
                looker.end()
                return True
        return False

    def join(self, looker) -> None:
        """It looks from now on."""
        self._lookers.append(looker)
        if not self._ticking:
            self._ticking = True
            self._call_after(EVERY_MS, self._tick)
        looker.show(self._frame(looker.language))

    def leave(self, looker) -> None:
        """It does not look any more."""
        if looker in self._lookers:
            self._lookers.remove(looker)

    def _tick(self) -> None:
        if not self._lookers:
            self._ticking = False
            self._frames = {}
            return
        self._call_after(EVERY_MS, self._tick)
        self._turn = list(self._lookers)
        self._next_turn()

    def _next_turn(self) -> None:
        self._turn = [looker for looker in self._turn if not looker.over]
        if not self._turn:
            return
        looker = self._turn.pop(0)
        if self._turn:
            self._call_after(STEP_MS, self._next_turn)
        looker.show(self._frame(looker.language))

    def _frame(self, language: str) -> bytes:
        """This second's."""
        now = self._now_ms()
        made_ms, made = self._frames.get(language, (None, None))
        if made_ms is None or now - made_ms >= EVERY_MS // 2:
            made = frame("status", self._show(language))
            self._frames[language] = (now, made)
        return made


class Looker:
    """The source (httpd/stream.py) of one page. `still()` says whether it may look on, `known` whether somebody
    looks who has the password, or needs none."""

    def __init__(self, live: Live, language: str, still, known: bool = True):
        self.language = language
        self.known = known
        self.over = False
        self._live = live
        self._still = still
        self._wake = None
        self._status = None
        self._events = []

    def begin(self, wake) -> None:
        self._wake = wake
        self._live.join(self)

    @property
    def waiting(self) -> bool:
        return self._status is not None or bool(self._events)

    def next(self) -> "bytes | None":
        if self._events:
            pieces, self._events = self._events, []
            return b"".join(pieces)
        piece, self._status = self._status, None
        return piece

    def lost(self) -> None:
        self.over = True
        self._live.leave(self)

    def show(self, piece: bytes) -> None:
        """The newest snapshot, in place of one that was not taken."""
        if not self._still():
            self.end()
            return
        self._status = piece
        self._wake()

    def tell(self, piece: bytes) -> None:
        """An event."""
        self._events.append(piece)
        if len(self._events) > MOST_EVENTS:
            self._events.pop(0)
        self._wake()

    def end(self) -> None:
        """It may look no more: logged out, or the password has changed, or somebody else needs its place."""
        self.over, self._status, self._events = True, None, []
        self._live.leave(self)
        self._wake()


def frame(kind: str, its: dict) -> bytes:
    """A server-sent event. JSON has no line ends of its own, so one line of data does."""
    return ("event: %s\ndata: %s\n\n" % (kind, json.dumps(its))).encode()
