"""Delivers letters (firmware/alerts) to their places, each in a thread of its own: names that are not found, servers
that hang and certificates take seconds, and nobody here waits for any of it.

There is one delivery at a time for each place, so there are few threads. None of them is waited for: they end with the
process, at any point.

The libraries for it are megabytes, and the card that they are on may be what there is to tell of. So the loop loads
none of them: load() does beforehand, in a thread as well, and a delivery what is still missing.
"""

import codecs
import threading

from ...alerts.place import MAIL, SYSLOG
from ...errors import Undelivered, why
from .postjob import Job

LIMIT_MS = 60000  # for a whole delivery
STEP_S = 15  # for each step of it
_UNLOADED = "what this board sends it with cannot be read (%s); look at the card with its system"


class PostOffice:
    """`timers` has call_after() and soon(); `mailbox` is its own from now on (mailbox.py). `trust`: PEM file of
    certificates that are trusted; None: those of the system."""

    def __init__(self, timers, mailbox, trust: "str | None" = None, limit_ms: int = LIMIT_MS, step_s: float = STEP_S):
        self._timers = timers
        self._trust = trust
        self._limit_ms = limit_ms
        self._step_s = step_s
        self._mailbox = mailbox
        self._lock = threading.Lock()
        self._open = True

    def load(self, places: list) -> None:
        """Loads what letters to `places` will need, soon. What cannot be loaded is told by the delivery that needs it,
        which tries it again."""
        kinds = sorted({place.kind for place in places})
        try:
            threading.Thread(target=_load_all, args=(kinds,), name="post", daemon=True).start()
        except RuntimeError:  # no room for a thread now
            pass

    def send(self, place, letter, done) -> None:
        """done(error, remark) later, once: None or Undelivered; a sentence when not all is well though it was taken."""
        job = Job(self._trust, self._step_s)
        thread = threading.Thread(target=self._deliver, args=(job, place, letter, done), name="post", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._timers.soon(done, Undelivered("there is no room for another thread (%s)" % error), "")
        else:
            self._timers.call_after(self._limit_ms, job.give_up)

    def close(self) -> None:
        """Nothing is called from now on."""
        with self._lock:
            self._open = False
            self._mailbox.close()

    def _deliver(self, job, place, letter, done) -> None:
        try:
            error, remark = _outcome(job, place, letter)
        finally:
            job.end()
        with self._lock:
            if self._open:  # the number of a mailbox that was closed may be another file's by now
                self._mailbox.post(done, error, remark)


def _outcome(job: Job, place, letter) -> tuple:
    """What `done` is to be told."""
    try:
        deliver, understood = _load(place.kind)
    except Exception as problem:  # the card may be gone
        return Undelivered(_UNLOADED % why(problem)), ""
    try:
        remark = deliver(job, place, letter) or ""
        job.check()
    except Exception as problem:  # whatever a server does: a sentence
        return understood(problem, job, place), ""
    return None, remark


def _load(kind: str) -> tuple:
    """(who delivers to places of that kind, who says what went wrong). Only what is wanted: mail alone brings megabytes
    along."""
    codecs.lookup("idna")  # which is loaded for any name that is looked up
    from .postfault import understood

    if kind == MAIL:
        from .postmail import deliver
    elif kind == SYSLOG:
        from .postsyslog import deliver
    else:
        from .postweb import deliver
    return deliver, understood


def _load_all(kinds: list) -> None:
    for kind in kinds:
        try:
            _load(kind)
        except Exception:  # see PostOffice.load
            pass
