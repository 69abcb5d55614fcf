"""A board's state, a post office and a file that a test sets; and Alerts between them under its clock."""

from firmware.alerts import places
from firmware.alerts.alerts import Alerts
from firmware.errors import Undelivered

START_MS = 1700000000000
MINUTE, HOUR, DAY = 60000, 3600000, 86400000


def make_status(state="mirroring", role="primary"):
    """As much of a snapshot as alerts look at."""
    return {
        "name": "left", "role": role, "version": "1", "state": state, "copy": {"whole": True, "bytes": 0},
        "group": {"written": 5, "durable": 5, "sent": 5, "acked": 5, "played": 5},
        "journal": {"full_in_s": None},
        "link": {"state": "no link" if state == "no link" else "up", "held_bytes": 0, "cap": 0,
                 "sent_bytes": 0, "quota": {"bytes": 0, "holds": False}},
        "clock": {"set": True}, "conditions": [], "unknown": [], "words": {"sentence": "All is well."},
    }  # fmt: skip


class Post:
    """What was sent waits in `jobs`, (place, letter, done), until the test settles it; `away`: places that fail."""

    def __init__(self):
        self.jobs = []
        self.away = {}  # key of a Place -> Undelivered
        self.taken = []  # (key, event, condition)
        self.tried = 0
        self.by_hand = False
        self.shut = False

    def send(self, place, letter, done):
        if self.shut:
            raise OSError(24, "Too many open files")
        self.jobs.append((place, letter, done))

    def run(self):
        """The post works on what it was given until now."""
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            self.settle(job)

    def settle(self, job):
        place, letter, done = job
        self.tried += 1
        error = self.away.get(place.key) or self.away.get(place.kind) or self.away.get("all")
        if error is None:
            self.taken.append((place.kind, letter.facts["event"], letter.facts["condition"]))
        done(error, "")


class Writer:
    """Letters that are their notices."""

    def write(self, notice, status, wall_ms):
        return Letter(notice)


class Letter:
    def __init__(self, notice):
        self.notice = notice
        self.facts = {"event": notice.event, "condition": notice.name}


class Rig:
    """Alerts with the receivers of `lines`, {key of board.conf: value}."""

    def __init__(self, lines, kept=None):
        self.post = Post()
        self.status = make_status()
        self.events = []
        self.now = 1000
        self.wall = START_MS
        self.saves = []
        self.kept = kept
        self.full = None  # why the file cannot be written
        self.no_thread = False  # nobody to write it
        self.deaf = False  # who hears of events raises
        self.alerts = Alerts(self.post, Writer(), lambda: self.status, self, self._note, self._save)
        self.alerts.receive([each for key in sorted(lines) for each in places.PARSERS[key][0](lines[key])])
        if kept is not None:
            self.alerts.recall(kept)

    def now_ms(self):
        return self.now

    def wall_ms(self):
        return self.wall + self.now

    def _note(self, sentence):
        if self.deaf:
            raise ValueError(sentence)
        self.events.append(sentence)

    def _save(self, data, done):
        if self.no_thread:
            raise RuntimeError("can't start new thread")
        self.saves.append(data)
        if self.full is None:
            self.kept = data
        done(self.full)

    def wait(self, ms, step=None):
        """Time passes, with a look every second or, where that are many, less often."""
        step = step or (1000 if ms <= 2 * MINUTE else 5000)
        for _ in range(ms // step):
            self.now += step
            self.alerts.look()
            if not self.post.by_hand:
                self.post.run()
        return self

    def put(self, name, level="critical", sentence="it is so"):
        self.clear(name)
        self.status["conditions"].append({"name": name, "level": level, "sentence": sentence, "since_ms": None})

    def clear(self, name):
        self.status["conditions"] = [each for each in self.status["conditions"] if each["name"] != name]

    def come_and_go(self, name, ms):
        """A condition that holds for so long."""
        self.put(name)
        self.wait(ms)
        self.clear(name)

    def restarted(self, lines):
        """The board after a restart of some seconds."""
        again = Rig(lines, self.kept)
        again.wall = self.wall + self.now + 5000
        again.status = self.status
        return again


def unreachable():
    return Undelivered("nobody answers there")


def unwanted():
    return Undelivered("it does not take the password", True)
