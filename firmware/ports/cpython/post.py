"""Delivers letters (firmware/alerts) to their places, each in a thread of its own: names that are not found, servers
that hang and certificates take seconds, and nobody here waits for any of it.

There is one delivery at a time for each place, so there are few threads. None of them is waited for: they end with the
process, at any point.
"""

import http.client
import smtplib
import socket
import ssl
import threading

from ...alerts.place import MAIL, SYSLOG
from ...errors import Undelivered
from .postjob import Job

LIMIT_MS = 60000  # for a whole delivery
STEP_S = 15  # for each step of it
_NAMES = {
    socket.EAI_AGAIN: "the name %s cannot be looked up now; is the network there?",
    socket.EAI_NONAME: "nobody knows the name %s",
}


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
        error, remark = None, ""
        try:
            remark = _way_of(place)(job, place, letter) or ""
            job.check()
        except Exception as problem:  # whatever a server does: a sentence
            error = understood(problem, job, place)
        finally:
            job.end()
        with self._lock:
            if self._open:  # the number of a mailbox that was closed may be another file's by now
                self._mailbox.post(done, error, remark)


def _way_of(place):
    """Loaded when the first letter goes that way: mail alone brings megabytes along."""
    if place.kind == MAIL:
        from .postmail import deliver
    elif place.kind == SYSLOG:
        from .postsyslog import deliver
    else:
        from .postweb import deliver
    return deliver


def understood(error: Exception, job: Job, place) -> Undelivered:
    """What went wrong, for a person; nothing of what lets us in is in it."""
    if isinstance(error, Undelivered):
        return error
    if not job.in_time or isinstance(error, TimeoutError):
        return Undelivered("it did not answer in time")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Undelivered("its certificate cannot be trusted: %s" % error.verify_message)
    if isinstance(error, ssl.SSLError):
        return Undelivered("it does not speak TLS as it should (%s)" % (error.reason or "it hung up"))
    if isinstance(error, socket.gaierror):
        return Undelivered(_NAMES.get(error.errno, "the name %s is not found") % place.host)
    if isinstance(error, ConnectionRefusedError):
        return Undelivered("nobody listens at %s" % place.authority)
    if isinstance(error, (http.client.HTTPException, smtplib.SMTPServerDisconnected, ConnectionError)):
        return Undelivered("it hung up, or what answers there is something else")
    if isinstance(error, OSError) and error.strerror:
        return Undelivered("it is not reached: %s" % error.strerror)
    return Undelivered("this is a bug of the board: %s" % type(error).__name__)
