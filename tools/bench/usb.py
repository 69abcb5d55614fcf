"""What a command over USB costs the primary: its transport, SCSI, journal, player and link, with the twin live.

The endpoints are sockets (usb_board.py), so the kernel's USB stack is not in it. The host waits for each command, as
Bulk-Only Transport makes it.
"""

import random
import socket
import statistics
import sys
import time

from tools.bench import proc
from tools.bench.fio import BenchError
from tools.bench.pair import PROJECT, Board, Pair
from tools.usb.bulk_only import CSW, pack_cbw

WRITE, READ = 0x2A, 0x28
BLOCK = 512
SMALL_CORE = 8  # a board's core is an eighth of this machine's
ROWS = (
    ("w4k", "4 KiB write", WRITE, 4 << 10),
    ("w120k", "120 KiB write", WRITE, 120 << 10),
    ("r4k", "4 KiB read", READ, 4 << 10),
    ("r120k", "120 KiB read", READ, 120 << 10),
)


class UsbBoard(Board):
    """A primary with sockets for endpoints."""

    def start(self):
        ours, theirs = zip(*(socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2)))
        for each in ours + theirs:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        conf = self.workspace.path(self.name + ".conf")
        with open(conf, "w") as file:
            file.writelines("%s = %s\n" % item for item in self.settings.items())
        descriptors = [each.fileno() for each in theirs]
        words = ["-m", "tools.bench.usb_board", conf, *map(str, descriptors)]
        self.process = self.workspace.spawn(self.name, [sys.executable, *words], cwd=PROJECT, pass_fds=descriptors)
        self.bulk_out, self.bulk_in = ours
        self.bulk_in.settimeout(30)
        for each in theirs:
            each.close()

    def command(self, opcode, block, length, data):
        """One READ (10) or WRITE (10); raises BenchError when it does not pass."""
        cdb = bytes((opcode, 0)) + block.to_bytes(4, "big") + b"\0" + (length // BLOCK).to_bytes(2, "big") + b"\0"
        self.bulk_out.send(pack_cbw(1, length, opcode == READ, 0, cdb))
        if opcode == WRITE:
            self.bulk_out.send(data)
        else:
            self.bulk_in.recv_into(data)
        csw = self.bulk_in.recv(64)
        if len(csw) != CSW.size or csw[-1] or csw[8:12] != bytes(4):
            raise BenchError("a command over USB failed: %r" % csw)


class UsbPair(Pair):
    key, title = "usb", "Sosie over USB"

    def __init__(self, workspace, size, journal_size):
        super().__init__(workspace, size, journal_size, "usb")
        settings = dict(self.primary.settings, attach="none")
        self.primary = UsbBoard(workspace, self.primary.name, {k: v for k, v in settings.items() if k != "name"})

    def wait_attached(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            self.primary.bulk_out.send(pack_cbw(1, 0, False, 0, bytes(6)))
            if not self.primary.bulk_in.recv(64)[-1]:
                return
            time.sleep(0.05)
        raise BenchError("the USB disk does not become ready")

    def _fill(self):
        chunk = random.randbytes(120 << 10)
        for offset in range(0, self.size - len(chunk), len(chunk)):
            self.primary.command(WRITE, offset // BLOCK, len(chunk), chunk)

    def settle(self):
        self.drain()
        self.wait_played()
        self.workspace.settle(self.paths)


def run(place, plan, say):
    """[(title, results)] of every row; results have commands_per_s, bytes_per_s, cpu_us and player_us."""
    pair = UsbPair(place, plan.size, plan.journal_size)
    found = {row: [] for row in ROWS}
    try:
        pair.start()
        for number in range(plan.rounds):
            say("USB, round %d of %d" % (number + 1, plan.rounds))
            for row in ROWS:
                found[row].append(_measure(pair, row, plan.seconds))
                pair.settle()
    finally:
        pair.remove()
    return [(row[1], results) for row, results in found.items()]


def _measure(pair, row, seconds):
    _, _, opcode, length = row
    data = bytearray(random.randbytes(length))
    blocks = pair.size // length
    primary, player = pair.primary.pids(), pair.primary.pids() - {pair.primary.process.pid}
    before, player_before = proc.cpu_seconds(primary), proc.cpu_seconds(player)
    begin = time.monotonic()
    count, now = 0, begin
    while now - begin < seconds:
        for _ in range(20):
            pair.primary.command(opcode, random.randrange(blocks) * (length // BLOCK), length, data)
        count += 20
        now = time.monotonic()
    cpu, player_cpu = proc.cpu_seconds(primary) - before, proc.cpu_seconds(player) - player_before
    return {
        "commands_per_s": count / (now - begin),
        "bytes_per_s": count * length / (now - begin),
        "cpu_us": cpu / count * 1e6,
        "player_us": player_cpu / count * 1e6,
    }


def table(rows):
    """Markdown: medians, and what they mean on a small board."""
    lines = ["| command | per second | MB/s | processor us | of it the player | on a core 1/%d as fast |" % SMALL_CORE]
    lines.append("|---|---|---|---|---|---|")
    for title, results in rows:
        middle = {key: statistics.median(result[key] for result in results) for key in results[0]}
        small = 1e6 / (middle["cpu_us"] * SMALL_CORE)
        size = middle["bytes_per_s"] / middle["commands_per_s"]
        lines.append("| %s | %.0f | %.0f | %.0f | %.0f | %.0f/s, %.0f MB/s |" % (
            title, middle["commands_per_s"], middle["bytes_per_s"] / 1e6, middle["cpu_us"], middle["player_us"],
            small, small * size / 1e6))
    return "\n".join(lines)
