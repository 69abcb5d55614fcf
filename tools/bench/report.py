"""The tables: Markdown for people, JSON with every single measurement for programs."""

import json
import os

from tools.bench import page, tls, usb
from tools.bench.pair import AWAY, GONE, NEAR, Pair
from tools.bench.peers import NbdkitFile, QemuMirror, QemuNbd

COLUMNS = (NbdkitFile, QemuNbd, QemuMirror, Pair)
MEMORY_LIMIT = 96 << 20
LIMIT_GOAL, MIRROR_GOAL = 1.0, 1.5
NOTHING = "–"


class Report:
    """What a run found. Every part may be None or empty when it was not measured."""

    def __init__(self, about, rows, results, place_rows=(), places=None, backlog=None, notes=(), profile=""):
        self.about = about
        self.rows = rows
        self.results = results
        self.place_rows = place_rows
        self.places = places
        self.backlog = backlog
        self.notes = list(notes)
        self.usb = None
        self.tls = None
        self.page = None
        self.profile = profile

    def markdown(self):
        parts = ["# Sosie beside its peers", self._about(), "\n".join("- " + note for note in self.notes)]
        if self.results.cells or self.results.failures:
            parts += [
                "## Speed", SPEED_TEXT, speed_table(self.rows, self.results),
                "## Processor time", CPU_TEXT, cpu_table(self.rows, self.results),
            ]
        if self.places is not None:
            text = PLACES_TEXT % self.about.get("distance_ms", 50)
            parts += ["## The twin near, gone and away", text, places_table(self.place_rows, self.places)]
        if self.backlog is not None:
            parts += ["## A long outage", BACKLOG_TEXT, backlog_table(self.backlog)]
        if self.usb is not None:
            parts += ["## Commands over USB", USB_TEXT, usb.table(self.usb)]
        if self.tls is not None:
            parts += ["## TLS on the link", TLS_TEXT, tls.table(self.tls)]
        if self.page is not None:
            parts += ["## Open pages", PAGE_TEXT, page.table(self.page)]
        if self.profile:
            parts += ["## Where the time goes", "```\n" + self.profile.strip() + "\n```"]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _about(self):
        return "\n".join("- %s: %s" % item for item in self.about.items())

    def json(self):
        def cells(results):
            return {
                row: {server: results.cells[at, server] for at, server in results.cells if at == row}
                for row, _ in results.cells
            }

        def failures(results):
            return [[row, server, said] for (row, server), said in results.failures.items()]

        return json.dumps({
            "about": self.about, "notes": self.notes, "rows": cells(self.results),
            "failures": failures(self.results), "places": cells(self.places) if self.places else None,
            "usb": self.usb, "tls": self.tls, "page": self.page,
            "place_failures": failures(self.places) if self.places else [], "backlog": self.backlog,
        }, indent=1)

    def write(self, base):
        """BASE.md and BASE.json; their paths."""
        os.makedirs(os.path.dirname(os.path.abspath(base)), exist_ok=True)
        for name, text in ((base + ".md", self.markdown()), (base + ".json", self.json())):
            with open(name, "w") as file:
                file.write(text)
        return base + ".md", base + ".json"


SPEED_TEXT = (
    "Medians over the rounds; in brackets the ratio to `nbdkit file`. Sosie runs with its journal and a live twin; "
    "the peers but the mirror keep one copy. Backlog is what the twin did not have when the row ended, drain the time "
    "until it had all of it, durably; both are medians too. Without flushes the peers' writes stay in memory; Sosie's "
    "are in two journals on the medium within a second."
)
CPU_TEXT = (
    "User and system time of all processes of a server, without fio's, in seconds per GB and in brackets per "
    "1000 commands; Sosie's boards include draining and playing what a row left behind."
)
PLACES_TEXT = (
    "The same primary with its twin near, gone, and %s ms away (round trip, through a delaying relay whose own "
    "processor time is on this machine too). Latencies are of the write itself; with flush, of the flush. "
    "max is the worst of all rounds."
)
USB_TEXT = (
    "Bulk-Only Transport, SCSI, journal, link and player of the primary, one command at a time, its twin live and "
    "near; the endpoints are sockets. User and system time of all its processes."
)
TLS_TEXT = (
    "The link alone, over loopback: sender, receiver, frames, sockets, and TLS; no disks and no journals. ms/MB is the "
    "processor time of the board that gives (here) and of the one that takes (there). Bytes are random, hence not "
    "compressed."
)
PAGE_TEXT = (
    "A pair with keys, over loopback: each page is a TLS connection that gets the whole status every second. Latency "
    "is of the write, with flush that of the flush; processor time is of all processes of the primary while its host "
    "is idle; memory is its largest RSS. The silent callers say nothing, and come back 5 s after they were closed."
)
BACKLOG_TEXT = (
    "Memory is that of all processes of a board. PSS counts a page that they share once, RSS once for each of them. "
    "96 MiB are allowed."
)


def speed_table(rows, results):
    head = ["row"] + [column.title for column in COLUMNS]
    head += ["to qemu-nbd (goal ≥ 1)", "to QEMU mirror (goal ≥ 1.5)", "backlog", "drain"]
    return table(head, [[row.title] + speed_cells(row, results) for row in rows])


def speed_cells(row, results):
    values = {column.key: results.median(row.key, column.key, measure(row)) for column in COLUMNS}
    base, ours = values[NbdkitFile.key], values[Pair.key]
    cells = [speed(row, values[column.key], base, failed(results, row.key, column.key)) for column in COLUMNS]
    for peer, goal in ((QemuNbd, LIMIT_GOAL), (QemuMirror, MIRROR_GOAL)):
        cells.append(goal_ratio(ours, values[peer.key], goal))
    backlog = results.median(row.key, Pair.key, "backlog_bytes")
    drain = results.median(row.key, Pair.key, "drain_s")
    writes = row.writes and backlog is not None
    return cells + [megabytes(backlog) if writes else NOTHING, seconds(drain) if writes else NOTHING]


def measure(row):
    return "bytes_per_s" if row.in_megabytes else "iops"


def speed(row, value, base, failure=None):
    if value is None:
        return failure or NOTHING
    text = "%.0f MB/s" % (value / 1e6) if row.in_megabytes else "%.1f k/s" % (value / 1e3)
    return text + (" (%.2f)" % (value / base) if base else "") + (" (!)" if failure else "")


def failed(results, row_key, server_key):
    """"failed" when a run of this cell failed: the sentence is in the JSON and was said on the way."""
    return "failed" if (row_key, server_key) in results.failures else None


def goal_ratio(ours, theirs, goal):
    if not ours or not theirs:
        return NOTHING
    ratio = ours / theirs
    return "**%.2f**" % ratio if ratio >= goal else "%.2f" % ratio


def cpu_table(rows, results):
    parts = (("nbdkit file", "nbdkit", "nbdkit"), ("qemu-nbd", "qemu-nbd", "qemu-nbd"),
             ("QEMU mirror", "qemu-mirror", "qemu-mirror"),
             ("Sosie, primary", "sosie", "primary"), ("Sosie, twin", "sosie", "twin"))
    lines = []
    for row in rows:
        line = [row.title]
        for _, server, part in parts:
            per_gb = results.median(row.key, server, "cpu_per_gb_" + part)
            per_1000 = results.median(row.key, server, "cpu_per_1000_" + part)
            line.append(NOTHING if per_gb is None else "%.2f (%.3f)" % (per_gb, per_1000))
        lines.append(line)
    return table(["row"] + [title for title, _, _ in parts], lines)


def places_table(rows, places):
    lines = []
    for row in rows:
        latency = "flush_" if row.flush_every else ""
        for where in (NEAR, GONE, AWAY):
            value = places.median(row.key, where, measure(row))
            near = places.median(row.key, NEAR, measure(row))
            drain = places.median(row.key, where, "drain_s")
            backlog = places.median(row.key, where, "backlog_bytes")
            lines.append([
                row.title, where, speed(row, value, None, failed(places, row.key, where)),
                "%.2f" % (value / near) if value and near else NOTHING,
                milliseconds(places.median(row.key, where, latency + "p50_us")),
                milliseconds(places.median(row.key, where, latency + "p99_us")),
                milliseconds(places.most(row.key, where, latency + "max_us")),
                megabytes(backlog), seconds(drain),
            ])
    return table(["row", "twin", "speed", "to near", "p50", "p99", "max", "backlog", "drain"], lines)


def backlog_table(told):
    def memory(value):
        return mebibytes(value) + (" **above 96 MiB**" if value > MEMORY_LIMIT else "")

    def whole(name):
        return "%s (%s)" % (memory(told[name + "_pss"]), mebibytes(told[name + "_rss"]))

    left, right = sorted(told["catch_up_pss"])
    lines = [
        ["disk, journal", "%d GiB sparse, %d GiB" % (told["disk_bytes"] >> 30, told["journal_bytes"] >> 30)],
        ["backlog of 4 KiB write + flush", "%d groups, %s" % (told["groups"], megabytes(told["bytes"]))],
        ["made in", "%s, %.0f groups/s at client depth %d" % (
            seconds(told["make_s"]), told["made_per_s"], told["client_depth"])],
        ["memory at rest, PSS, primary and twin", " and ".join(memory(told["idle_pss"][n]) for n in (left, right))],
        ["most memory while writing, PSS (RSS)", whole("make")],
        ["SIGKILL, then start until a read is answered", seconds(told["recover_s"])],
        ["memory after recovery, PSS (RSS)", whole("recover")],
        ["backlog after recovery", "%d groups" % told["recovered_groups"]],
        ["twin back: link up after", seconds(told["until_link_s"])],
        ["twin back: backlog empty after", seconds(told["catch_up_s"])],
        ["catch-up once linked", "%.0f groups/s, %.1f MB/s" % (
            told["catch_up_groups_per_s"], told["catch_up_bytes_per_s"] / 1e6)],
        ["twin back: all played there after", seconds(told["catch_up_played_s"])],
        ["most memory in catch-up, PSS, primary", memory(told["catch_up_pss"][left])],
        ["most memory in catch-up, PSS, twin", memory(told["catch_up_pss"][right])],
        ["blocks of the twin checked, wrong", "%d, %d" % (told["blocks_checked"], told["blocks_wrong"])],
    ]
    return table(["what", "measured"], lines)


def mebibytes(value):
    return "%.1f MiB" % (value / (1 << 20))


def megabytes(value):
    return NOTHING if value is None else "%.0f MB" % (value / 1e6)


def seconds(value):
    return NOTHING if value is None else "%.2f s" % value


def milliseconds(value):
    return NOTHING if value is None else "%.2f ms" % (value / 1000)


def table(head, lines):
    """A Markdown table whose columns are aligned in the plain text as well."""
    rows = [[str(cell) for cell in line] for line in [head, *lines]]
    widths = [max(len(row[index]) for row in rows) for index in range(len(head))]
    texts = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
             for row in rows]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts)
