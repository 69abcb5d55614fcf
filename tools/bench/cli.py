"""`sosie bench`: what to measure, in which order, and where to put the tables."""

import argparse
import os
import platform
import shutil
import signal
import sys
import time

from firmware.errors import Refused
from firmware.quantity import parse_size
from tools.bench import backlog, fio, page, profile, rounds, tls, usb, workspace
from tools.bench.fio import BenchError
from tools.bench.pair import Pair
from tools.bench.peers import PEERS
from tools.bench.report import Report
from tools.bench.workspace import Workspace

PARTS = ("rows", "places", "backlog", "usb", "tls", "page")
PLACE_ROWS = ("w4k1", "w4k16", "w128k", "w4kf")


class Plan:
    """How much is measured. `--quick` shows the picture, the default is what may be quoted."""

    def __init__(self, arguments):
        quick = arguments.quick
        self.rounds = arguments.rounds or (1 if quick else 5)
        self.seconds = arguments.seconds or (1.0 if quick else 1.25)
        self.place_seconds = min(self.seconds, 1.0)
        self.warm_up_s = 0.3 if quick else 0.4
        self.size = arguments.size or (512 if quick else 1024) << 20
        self.journal_size = arguments.journal_size or 2 << 30
        self.places_journal_size = self.journal_size * 3 // 2  # all of a row stays in it while the twin is gone
        self.groups = arguments.groups or (10000 if quick else 100000)
        self.making_s = 10 if quick and not arguments.groups else 60
        self.limit_s = arguments.limit or (120 if quick else 720)


def parser():
    rows = ", ".join(row.key for row in fio.ROWS)
    parse = argparse.ArgumentParser(prog="sosie bench", description="Sosie beside nbdkit, qemu-nbd and QEMU's mirror")
    parse.add_argument("--quick", action="store_true", help="one short round of everything, under two minutes")
    parse.add_argument("--rounds", type=positive(int), help="rounds of every row (default 5)")
    parse.add_argument("--seconds", type=positive(float), help="length of each run (default 1.25)")
    parse.add_argument("--groups", type=positive(int), help="groups of the large backlog (default 100000)")
    parse.add_argument("--size", type=size, help="of the disks, in the tables (default 1G)")
    parse.add_argument("--journal-size", type=size, metavar="SIZE", help="of both boards, in the tables (default 2G)")
    parse.add_argument("--limit", type=positive(float), help="seconds after which no further round begins (720)")
    parse.add_argument("--distance", type=positive(int), default=50, metavar="MS",
                       help="round trip to a twin that is away (default 50)")
    parse.add_argument("--parts", type=words(PARTS), default=PARTS, help="which of: " + ", ".join(PARTS))
    parse.add_argument("--rows", type=words([row.key for row in fio.ROWS]), metavar="ROWS", help="which of: " + rows)
    parse.add_argument("--only", type=words([server.key for server in (*PEERS, Pair)]), metavar="SERVERS",
                       help="which of: " + ", ".join(server.key for server in (*PEERS, Pair)))
    parse.add_argument("--profile", action="store_true", help="also show where the primary spends its time")
    parse.add_argument("--dir", help="folder for disks and journals (default: a temporary one that is not memory); "
                                     "/dev/shm leaves the software's cost alone")
    parse.add_argument("--out", default=os.path.join("build", "bench"), help="tables go to OUT.md and OUT.json")
    return parse


def positive(kind):
    def parse(text):
        value = kind(text)
        if not value > 0:
            raise ValueError
        return value

    parse.__name__ = "number above 0"
    return parse


def size(text):
    try:
        return parse_size(text, 8 << 20)
    except Refused as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def words(known):
    def parse(text):
        chosen = text.split(",")
        for word in chosen:
            if word not in known:
                raise argparse.ArgumentTypeError("there is no %r; choose from %s" % (word, ", ".join(known)))
        return chosen

    return parse


def say(text):
    print(text, file=sys.stderr, flush=True)


def main(argv):
    """Run the benchmark; 0, or 1 when nothing could be measured."""
    arguments = parser().parse_args(argv)
    plan = Plan(arguments)
    clock = rounds.Clock(plan.limit_s)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = arguments.dir or workspace.disk_folder()
    if not os.path.isdir(folder):
        say("There is no folder %s; make it or name another with --dir." % folder)
        return 2
    try:
        with Workspace(folder) as place:
            report = measure_all(arguments, plan, clock, place)
    except KeyboardInterrupt:
        say("Stopped; everything that was started is ended and removed.")
        return 130
    except BenchError as error:
        say(str(error))
        return 1
    print(report.markdown())
    for path in report.write(arguments.out):
        say("Written to " + path)
    return 0


def measure_all(arguments, plan, clock, place):
    """Every part that was asked for; a part that fails leaves a note and the others go on."""
    rows = [row for row in fio.ROWS if not arguments.rows or row.key in arguments.rows]
    kinds = [kind for kind in (*PEERS, Pair) if not arguments.only or kind.key in arguments.only]
    notes = [line for line in (kind.missing() for kind in kinds) if line]
    if not shutil.which("fio"):
        notes.append("The rows of the tables are left out, fio is missing (apt install fio)")
    for note in notes:
        say(note)
    kinds = [kind for kind in kinds if not kind.missing()]
    ours = Pair in kinds
    check_space(place.folder, plan, kinds)
    report = Report(about(place.folder, plan, arguments), rows, rounds.Results(), notes=notes)
    if shutil.which("fio"):
        if "rows" in arguments.parts:
            measure_rows(arguments, plan, clock, place, kinds, report)
        if "places" in arguments.parts and ours:
            part(report, lambda: measure_places(arguments, plan, clock, place, report))
        if "page" in arguments.parts and ours:
            part(report, lambda: measure_page(plan, place, report))
    if "backlog" in arguments.parts and ours:
        part(report, lambda: measure_backlog(plan, clock, place, report))
    if "usb" in arguments.parts and ours:
        part(report, lambda: measure_usb(plan, place, report))
    if "tls" in arguments.parts and ours:
        part(report, lambda: measure_tls(plan, place, report))
    report.about["rounds measured"] = report.results.rounds()
    shares = sorted(report.results.all("others_share"))
    if shares:
        report.about["taken by other programs"] = "%.0f %% of the processors, median; %.0f %% in the worst run" % (
            100 * shares[len(shares) // 2], 100 * shares[-1])
    report.about["time taken"] = "%.0f s" % clock.spent_s()
    return report


def part(report, work):
    try:
        work()
    except BenchError as error:
        report.notes.append(str(error))
        say(str(error))


def check_space(folder, plan, kinds):
    """Raises BenchError before anything is written when the folder is too small."""
    need = sum(kind.images for kind in kinds) * plan.size
    if Pair in kinds:  # each part has gone before the next begins
        places = Pair.images * plan.size + 2 * plan.places_journal_size
        need = max(need + 2 * plan.journal_size, places, 2 * backlog.JOURNAL_SIZE)
    free = shutil.disk_usage(folder).free
    if free < need:
        raise BenchError("%s has %d MiB free, this needs %d MiB; name a larger folder with --dir or use --quick."
                         % (folder, free >> 20, need >> 20))


def reserve_s(arguments, plan, after_rows):
    """Seconds of the limit that the later parts will want: the rounds must not eat them."""
    seconds = plan.making_s + 30 if "backlog" in arguments.parts else 0
    if after_rows and "places" in arguments.parts:
        seconds += plan.rounds * 3 * (len(PLACE_ROWS) * (plan.place_seconds + plan.warm_up_s + 1) + 2)
    return min(seconds, plan.limit_s / 2)


def measure_rows(arguments, plan, clock, place, kinds, report):
    servers = []
    measure = rounds.Measure(place, plan.seconds, plan.warm_up_s, say)
    try:
        for kind in kinds:
            server = kind(place, plan.size, plan.journal_size) if kind is Pair else kind(place, plan.size)
            say("Starting " + server.title)
            try:
                server.start()
            except BenchError as error:
                report.notes.append("%s: left out, %s" % (server.title, error))
                say(report.notes[-1])
                server.remove()
                continue
            servers.append(server)
        own_clock = rounds.Clock(clock.left_s() - (reserve_s(arguments, plan, True) if Pair in kinds else 0))
        if servers:
            rounds.run(measure, report.results, servers, report.rows, plan.rounds, own_clock)
        ours = [server for server in servers if isinstance(server, Pair)]
        if arguments.profile and ours:
            report.profile = profile.profile(measure, ours[0], report.rows)
    finally:
        for server in servers:
            server.remove()


def measure_places(arguments, plan, clock, place, report):
    pair = Pair(place, plan.size, plan.places_journal_size, "places")
    measure = rounds.Measure(place, plan.place_seconds, plan.warm_up_s, say)
    report.place_rows = [row for row in report.rows if row.key in PLACE_ROWS]
    report.places = rounds.Results()
    own_clock = rounds.Clock(clock.left_s() - reserve_s(arguments, plan, False))
    try:
        pair.start()
        rounds.run_places(
            measure, report.places, pair, report.place_rows, plan.rounds, arguments.distance, own_clock)
    finally:
        pair.remove()


def measure_backlog(plan, clock, place, report):
    report.backlog = backlog.run(place, plan.groups, min(plan.making_s, max(5, clock.left_s())), say)


def measure_usb(plan, place, report):
    report.usb = usb.run(place, plan, say)


def measure_tls(plan, place, report):
    report.tls = tls.run(place, plan, say)


def measure_page(plan, place, report):
    report.page = page.run(place, plan, say)


def about(folder, plan, arguments):
    """What one must know to read the figures."""
    with open("/proc/cpuinfo") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return {
        "date": time.strftime("%Y-%m-%d %H:%M %Z"),
        "machine": "%s, %d cores, Linux %s, Python %s" % (
            models[0] if models else platform.machine(), os.cpu_count(), platform.release(), platform.python_version()),
        "folder": "%s (%s)" % (os.path.dirname(folder), workspace.file_system(folder)),
        "each run": "%g s after %g s of warm-up, %d MiB of page-cached disk" % (
            plan.seconds, plan.warm_up_s, plan.size >> 20),
        "rounds": plan.rounds,
        "journals": "%d MiB" % (plan.journal_size >> 20),
        "distance_ms": arguments.distance,
    }
