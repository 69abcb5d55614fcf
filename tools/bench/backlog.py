"""A long outage of the twin: memory with a large backlog, time to recover from SIGKILL, time to catch up."""

import os
import random
import struct
import threading
import time

from tools.bench import proc
from tools.bench.fio import BenchError
from tools.bench.nbd_client import NbdClient, NbdError
from tools.bench.pair import Pair

DISK_SIZE = 1 << 40
JOURNAL_SIZE = 4 << 30
BLOCK = 4096
PROBE_PAIRS = 1000
DEPTHS = (1, 8, 32)
SAMPLE_EVERY_S = 0.25
CHECKED_BLOCKS = 1000


class Peak:
    """The most memory that each board was seen with."""

    def __init__(self, boards):
        self.boards = boards
        self.pss = {board.name: 0 for board in boards}
        self.rss = {board.name: 0 for board in boards}
        self._next_s = 0

    def sample(self):
        now = time.monotonic()
        if now < self._next_s:
            return
        for board in self.boards:
            pss, rss = proc.memory_bytes(board.pids())
            self.pss[board.name] = max(self.pss[board.name], pss)
            self.rss[board.name] = max(self.rss[board.name], rss)
        self._next_s = now + SAMPLE_EVERY_S


class Writer:
    """Writes that differ from each other to random blocks of the disk, and what must be found there."""

    def __init__(self, blocks, seed=1):
        self.random = random.Random(seed)
        self.blocks = blocks
        self.filler = os.urandom(BLOCK - 8)
        self.written = {}

    def writes(self, count, until_s=float("inf")):
        for _ in range(count):
            if time.monotonic() > until_s:
                return
            number = len(self.written) + 1
            offset = self.random.randrange(self.blocks) * BLOCK
            self.written.pop(offset, None)
            self.written[offset] = number
            yield offset, self.content(number)

    def content(self, number):
        return struct.pack("<Q", number) + self.filler

    def wrong(self, path, count):
        """How many of `count` blocks of the image at `path` do not hold what was written last."""
        wrong = 0
        chosen = self.random.sample(sorted(self.written.items()), min(count, len(self.written)))
        with open(path, "rb", buffering=0) as image:
            for offset, number in chosen:
                wrong += os.pread(image.fileno(), BLOCK, offset) != self.content(number)
        return wrong


def run(workspace, groups, limit_s, say):
    """The whole story with a pair of its own; a dictionary of what was measured. Raises BenchError."""
    pair = Pair(workspace, DISK_SIZE, JOURNAL_SIZE, "tera")
    try:
        pair.start(written=False)
        told = {"disk_bytes": DISK_SIZE, "journal_bytes": JOURNAL_SIZE}
        idle = Peak(pair.boards())
        idle.sample()
        told["idle_pss"] = dict(idle.pss)
        pair.twin.stop()
        writer = Writer(DISK_SIZE // BLOCK)
        told.update(make(pair, writer, groups, limit_s, say))
        told.update(recover(pair, say))
        told.update(catch_up(pair, say))
        told["blocks_checked"] = min(CHECKED_BLOCKS, len(writer.written))
        told["blocks_wrong"] = writer.wrong(pair.twin.settings["disk"], CHECKED_BLOCKS)
        return told
    finally:
        pair.remove()


def make(pair, writer, groups, limit_s, say):
    """Write and flush until the backlog has `groups` groups or time is up."""
    say("Making a backlog of %d groups with 4 KiB write + flush" % groups)
    peak = Peak((pair.primary,))
    depth = fastest_depth(pair, writer, min(PROBE_PAIRS, groups // 10 + 1))
    begin = time.monotonic()
    until_s = begin + limit_s
    have = first = backlog(pair)
    while have["groups"] < groups and time.monotonic() < until_s:
        in_thread(pair, writer.writes(max(100, groups - have["groups"]), until_s), depth, peak)
        have = backlog(pair)
    took_s = time.monotonic() - begin
    status = pair.primary.status()
    return {
        "groups": have["groups"], "bytes": have["bytes"], "client_depth": depth, "make_s": took_s,
        "made_per_s": (have["groups"] - first["groups"]) / took_s, "journal_used": status["journal"]["used"],
        "make_pss": peak.pss[pair.primary.name], "make_rss": peak.rss[pair.primary.name],
    }


def backlog(pair):
    return pair.primary.status()["backlog"]


def in_thread(pair, writes, depth, peak):
    """Let a client write while this thread looks at the memory."""
    failed = []

    def work():
        try:
            with NbdClient(pair.socket_path()) as client:
                client.write_and_flush(writes, depth)
        except (OSError, NbdError) as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        peak.sample()
        thread.join(SAMPLE_EVERY_S / 5)
    if failed:
        raise BenchError("the writes of the backlog failed: %s" % failed[0])


def fastest_depth(pair, writer, pairs):
    """The depth that makes the most groups a second: more flushes on the way may share one group."""
    best_rate, best_depth = 0, DEPTHS[0]
    for depth in DEPTHS:
        before, begin = backlog(pair)["groups"], time.monotonic()
        with NbdClient(pair.socket_path()) as client:
            client.write_and_flush(writer.writes(pairs), depth)
        rate = (backlog(pair)["groups"] - before) / (time.monotonic() - begin)
        if rate > best_rate:
            best_rate, best_depth = rate, depth
    return best_depth


def recover(pair, say):
    """SIGKILL with the backlog, then from start to the first read that the export answers."""
    say("Killing the primary and starting it again")
    pair.primary.kill()
    peak = Peak((pair.primary,))
    pair.primary.start()
    took_s = pair.wait_attached()
    peak.sample()
    return {
        "recover_s": took_s, "recover_pss": peak.pss[pair.primary.name], "recover_rss": peak.rss[pair.primary.name],
        "recovered_groups": backlog(pair)["groups"],
    }


def catch_up(pair, say):
    """The twin returns: until the backlog is empty, and until all of it is played there."""
    say("Starting the twin again")
    peak = Peak(pair.boards())
    begin = time.monotonic()
    pair.twin.start()
    linked_s = None

    def caught_up(status):
        nonlocal linked_s
        peak.sample()
        if linked_s is None and status["group"]["acked"] > first["group"]["acked"]:
            linked_s = time.monotonic() - begin
        return status["backlog"]["groups"] == 0

    first = pair.primary.status()
    pair.primary.wait_for("an empty backlog", caught_up, 180)
    took_s = time.monotonic() - begin
    pair.wait_played()
    played_s = time.monotonic() - begin
    peak.sample()
    moving_s = max(took_s - (linked_s or 0), 0.001)
    return {
        "catch_up_s": took_s, "until_link_s": linked_s or took_s, "catch_up_played_s": played_s,
        "catch_up_groups_per_s": first["backlog"]["groups"] / moving_s,
        "catch_up_bytes_per_s": first["backlog"]["bytes"] / moving_s,
        "catch_up_pss": dict(peak.pss), "catch_up_rss": dict(peak.rss),
    }
