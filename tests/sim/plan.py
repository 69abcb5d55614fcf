"""What one seed is about: sizes, speeds, settings, and which misfortunes may happen. Every seed leaves some out,
so that seeds differ in more than the order of events."""

from firmware.log.layout import BLOCK
from tests.sim.preset import SMALL_GROUP
from tests.sim.storage import Faults

MIB = 1 << 20


class Plan:
    """Drawn from the seed before anything runs."""

    def __init__(self, random):
        pick = random.choice
        # Boards
        self.disk_size = pick((64 << 10, 256 << 10, MIB, 2 * MIB))
        self.journal_sizes = {role: pick((8, 8, 9, 12)) * MIB for role in ("primary", "twin")}
        self.aged = random.random() < 0.6  # the logs begin shortly before the end of their rings
        self.small_rings = random.random() < 0.5  # and these are as small as they can be
        self.swells = self.aged and random.random() < 0.3  # the host writes more than the ring holds
        if self.swells:
            self.disk_size = 2 * MIB
        self.arena = pick((9, 9, 12)) * MIB  # twice the largest group at least
        if self.aged and self.small_rings:
            self.arena = 2 * SMALL_GROUP + pick((BLOCK, 256 << 10, 2 * MIB))
        self.trims = random.random() < 0.7
        self.maps = random.random() < 0.3
        self.misses = pick((0, 0.1, 1.0))
        self.ack = pick(("local", "local", "received", "durable"))
        self.max_age = pick((1, 20, 200, 1000))
        self.rate = pick((0, 0, 0, 0, 20_000_000))
        # Speeds: how likely each kind of step is the next one
        self.speed = {kind: pick((0.1, 1, 1, 3)) for kind in KINDS}
        self.step_us = pick((5, 50, 500))
        # The wire
        self.capacity = pick((300, 4096, 65536, MIB))
        self.piece = pick((1 << 20, 1 << 20, 65536, 5000))
        # Misfortunes
        self.chaos = pick((0, 2, 4, 8))
        self.chaos_odds = pick((0.002, 0.005, 0.02))
        self.weights = {kind: pick((0, 1, 1, 3)) for kind in MISFORTUNES}
        self.linger = pick((0, 0.5, 1))
        self.boot_cut_odds = pick((0, 0.2, 0.5))
        self.kind = random.choices(("honest", "errors", "lies"), (60, 20, 20))[0]
        self.lie = pick(LIES) if self.kind == "lies" else ""
        # The end
        self.promotes = random.random() < 0.2
        self.stops = random.random() < 0.5
        # The first copy
        self.used = random.random() < 0.4  # the first board's disk holds data when the pair is made
        # Whether the memory of a process outlives it
        self.keeps = random.random() < 0.5
        if self.keeps and random.random() < 0.7:
            self.die_often()
        self.copy_piece = pick((16 << 10, 64 << 10, 256 << 10, MIB))

    def die_often(self) -> None:
        """The processes of boards die rather than their power, and with much in memory."""
        self.chaos = max(self.chaos, 4)
        self.weights.update({"kill primary": 9, "power primary": 0.5, "power both": 0})
        self.speed["journal"] = min(self.speed["journal"], 0.3)

    def faults(self, random, which: str) -> Faults:
        """The faults of one storage; `which` is "disk" or "journal"."""
        if self.lie == "lost write" and which == "journal":
            kind = random.choice(("short_write", "misdirected_write"))
            return Faults(random, 1, **{kind: random.choice((0.02, 0.2))})
        if self.kind != "errors" or random.random() < 0.5:
            return Faults(random)
        kinds = random.sample(("read_error", "write_error", "sync_error"), random.randint(1, 2))
        rates = {"read_error": (0.003, 0.02), "write_error": (0.003, 0.02), "sync_error": (0.02, 0.1)}
        return Faults(random, random.randint(1, 3), **{kind: random.choice(rates[kind]) for kind in kinds})


LIES = (
    "wire",  # bits change on the wire
    "wire",
    "sendfile",  # bits change between the journal and the wire
    "rest",
    "rest",  # a bit of a group changes while the board is off
    "lost write",  # a write to the journal ends halfway or elsewhere, and nobody says so
)
KINDS = ("boot", "journal", "player", "sync", "read", "link", "done", "timer", "host", "send", "take", "poll", "notice")
MISFORTUNES = (
    "power primary", "power twin", "power both", "kill primary", "kill twin", "cut link", "outage", "stall link",
    "second connection", "look aside", "stop primary", "stop twin",
)  # fmt: skip
