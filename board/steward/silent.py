"""A board that does not run: what the status surfaces ask of a board, with one sentence behind all of it."""

from firmware import ports
from firmware.errors import Refused
from firmware.status.conditions import Since
from firmware.status.events import Events
from firmware.status.facts import quiet


class Clock:
    """The clock of the runtime, as the surfaces take it."""

    now_ms = staticmethod(ports.now_ms)
    wall_ms = staticmethod(ports.wall_ms)


class SilentBoard:
    """`name`, `role` and `sentence` are all that is known; it takes no action."""

    pairing = None

    def __init__(self, name: str, role: str, sentence: str, version: str = "", clock=Clock, language: str = "en"):
        self.clock = clock
        self.events = Events(clock.wall_ms)
        self.events.note(sentence)
        self.alarms = {}
        self.since = Since()
        self._started_ms = clock.now_ms()
        self._name, self._role, self.version = name, role, version
        self._sentence = sentence
        self._language = language

    def facts(self) -> dict:
        """As firmware/status/snapshot.py describes them."""
        numbers = ("generation", "disk_size", "copied", "written", "durable", "sent", "acked", "played")
        numbers += ("backlog_bytes", "journal_size", "journal_used", "sent_bytes", "raw_bytes")
        facts = quiet()
        facts.update({
            "name": self._name,
            "role": self._role,
            "version": self.version,
            "serving": False,
            "fenced": False,
            "promoted": False,
            "failure": self._sentence,
            "consistent": False,
            "whole": False,
            "activity": None,
            "oldest_ms": None,
            "now_ms": self.clock.wall_ms(),
            "clock_set": None,
            "link_state": "waiting",
            "link_peer": "",
            "rtt_ms": None,
            "language": self._language,
            "uptime_s": (self.clock.now_ms() - self._started_ms) / 1000,
            "troubles": dict(self.alarms),
            "alarms": self._all_alarms(),
        })  # fmt: skip
        facts.update((word, 0) for word in numbers)
        return facts

    def promote(self, force: bool, done) -> None:
        self._refuse(done)

    def mark(self, name: str, done) -> None:
        self._refuse(done)

    def _refuse(self, done) -> None:
        done(None, Refused("this board does not run: " + self._sentence))

    def _all_alarms(self) -> list:
        others = [self.alarms[source] for source in sorted(self.alarms)]
        return [self._sentence] + [sentence for sentence in others if sentence != self._sentence]

    def alarm(self, source: str, sentence: str) -> None:
        """A surface cannot be had; empty: it can."""
        if sentence:
            self.alarms[source] = sentence
        else:
            self.alarms.pop(source, None)
