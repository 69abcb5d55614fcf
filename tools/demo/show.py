"""The demo's run from the first check to the last clean-up."""

import argparse
import os
import signal
import sys
import time

from tools.demo.copyhost import COMMANDS, CopyHost
from tools.demo.host import LiveHost, why_not_live
from tools.demo.screen import Screen, mib, plural
from tools.demo.story import Story
from tools.demo.workshop import CHECKOUT, Broken, Workshop, missing_commands
from tools.errors import BoardError

APT_LINE = "apt-get install e2fsprogs libnbd-bin nbdfuse fuse3"
EVERYTHING_HELD, SOMETHING_BROKE, INTERRUPTED = 0, 1, 130
LOG_LINES = 12


def main(argv: "list[str]") -> int:
    """`sosie demo`: exit 0 when everything held, 1 when something did not, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="sosie demo", description=(
        "Starts a pair on this machine, puts a real file system on it, cuts the link, kills both boards in mid-write, "
        "and checks that nothing was lost. Needs 3 GiB of disk (TMPDIR, else /var/tmp) and under a minute."),
        epilog="Exit: 0 everything held, 1 something did not, 2 wrong usage, 130 interrupted.")
    parser.add_argument("--stay", action="store_true", help="leave the pair running afterwards, until Ctrl-C")
    options = parser.parse_args(argv)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    return run(Screen(), options.stay)


def run(screen: Screen, staying: bool) -> int:
    """The whole demo on a screen; leaves nothing behind, however it ends."""
    workshop = story = None
    try:
        if missing := missing_commands(COMMANDS):
            raise Broken("%s not installed; run: %s" % (", ".join(missing), APT_LINE))
        workshop = Workshop()
        story = Story(workshop, screen)
        began = time.monotonic()
        screen.say("Sosie demo: two boards on this machine, one disk mirrored on the other.", "1")
        story.host = _choose_host(workshop, story.left.nbd, screen)
        screen.columns()
        story.play()
        _summary(story, time.monotonic() - began)
        if staying:
            _stay(story)
        return EVERYTHING_HELD
    except (Broken, BoardError) as error:
        screen.fail(str(error))
        _show_logs(screen, story)
        return SOMETHING_BROKE
    except KeyboardInterrupt:
        screen.say("Interrupted; cleaning up.")
        return INTERRUPTED
    finally:
        if workshop:
            workshop.close()


def _interrupt(number, frame):
    raise KeyboardInterrupt


def _choose_host(workshop: Workshop, port: int, screen: Screen):
    reason = why_not_live(workshop)
    if not reason:
        return LiveHost(workshop, port)
    screen.say("No live mount here (%s): the files go in by nbdcopy." % reason)
    return CopyHost(workshop, port)


def _summary(story: Story, took_s: float):
    screen = story.screen
    screen.say()
    screen.say("Proven in %.0f s, with %s:" % (took_s, story.host.how), "1")
    for line in story.proven:
        screen.say(" - " + line)


def _show_logs(screen: Screen, story: "Story | None"):
    """What whoever looks for the reason wants to see: the boards' states, and what everybody said last."""
    if not story:
        return
    for board in (story.left, story.right):
        screen.say("   %s: %s" % (board.name, board.condition()), "2")
    for log in sorted(name for name in os.listdir(story.workshop.folder) if name.endswith(".log")):
        for line in story.workshop.last_lines(log, LOG_LINES):
            screen.say("   %s: %s" % (log, line), "2")


def _stay(story: Story):
    story.begin_stay()
    screen = story.screen
    screen.say()
    screen.say("The pair runs again, mirroring:", "1")
    for board in (story.left, story.right):
        screen.say("   %-6s http://%s/   nbd://127.0.0.1:%d/" % (board.name, board.web, board.nbd))
    screen.say("   write here and watch: %s" % story.host.folder)
    sosie = os.path.join(CHECKOUT, "tools", "sosie")
    sosie = min(sosie, os.path.relpath(sosie), key=len)
    screen.say("   %s status %s %s" % (sosie, story.left.web, story.right.web))
    screen.say("   %s journal %s" % (sosie, story.left.journal))
    screen.say("Stop it and remove everything: Ctrl-C here, or kill %d" % os.getpid())
    screen.begin("Mirroring")
    try:
        while True:
            backlog = story.left.status()["backlog"]
            screen.progress("backlog %s, %s" % (mib(backlog["bytes"]), plural(backlog["groups"], "group")))
            time.sleep(0.2)
    except KeyboardInterrupt:
        screen.say("Stopped; everything is removed.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
