"""`sosie update`: makes the system of a board into a signed file, sends it, and follows what becomes of it."""

import os
import sys
import tempfile
import time

from tools import updatebundle, updatekey
from tools.api import Client
from tools.errors import BoardError, Unreachable

BUSY = ("receiving", "checking", "installing", "restarting", "trial")
READY = "ready to restart"
GOOD = ("confirmed",)
LOOK_S = 1.0
LIMIT_S = 1200  # writing it, a start, five minutes of trial, and the way back
RESTARTING = {"state": "restarting", "sentence": "the board does not answer"}
MEANING = """\
Restarting {name} takes its disk from the server for about half a minute.
Unmount or eject the disk there first, or shut the server down; a twin needs nothing.
"""


def key(options) -> int:
    """Makes the signing key and its certificate where there are none."""
    made = not all(map(os.path.exists, updatekey.paths(options.key)))
    path = updatekey.make(options.key)
    if made:
        print("%s goes onto every card that is flashed from now on." % path)
    else:
        print("The key is there already: %s signs updates, and %s goes onto every card that is flashed."
              % (updatekey.paths(options.key)[0], path))
    return 0


def make(options) -> int:
    """Makes a bundle out of an image, or out of this checkout."""
    if options.image is not None:
        version, model = updatebundle.make(options.image, options.out, options.key)
    else:
        if not os.path.exists(updatekey.paths(options.key)[0]):
            updatekey.make(options.key)
        with tempfile.TemporaryDirectory(prefix="sosie-", dir=os.path.dirname(os.path.abspath(options.out))) as folder:
            image = os.path.join(folder, "card.img")
            updatebundle.build_image(options.board, image)
            version, model = updatebundle.make(image, options.out, options.key)
    megabytes = os.path.getsize(options.out) / 1e6
    print("%s: version %s for boards of kind %s, %.0f MB" % (options.out, version, model, megabytes))
    return 0


def status(options) -> int:
    """What became of the last update."""
    report = _client(options).update_state()
    print(_line(report))
    return 1 if report["state"] in ("refused", "rolled back") else 0


def send(options, clock=time.monotonic, pause=time.sleep) -> int:
    """Sends it, waits until it is in place, restarts the board if that is wished, and says how it ended."""
    client = _client(options)
    name = client.status()["name"]
    try:
        with open(options.file, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            client.send_update(file, size, _Progress(size))
    except OSError as error:
        raise BoardError("%s cannot be read (%s)." % (options.file, error.strerror)) from None
    report = _follow(client, clock, pause)
    if report["state"] == READY:
        if not options.restart and not _wished(name):
            print("It is tried when %s restarts: `sosie update send --restart`, its page, or its power switch." % name)
            return 0
        try:
            client.restart_into_update()
        except Unreachable:
            pass  # a twin does so by itself
        report = _follow(client, clock, pause, restarts=True)
    return 0 if report["state"] in GOOD else 1


def _client(options) -> Client:
    return Client(options.address, timeout_s=30.0, pair=options.pair)


def _follow(client: Client, clock, pause, restarts: bool = False) -> dict:
    """Prints every new line until nothing is under way; a board that restarts is missing for a while."""
    until, last = clock() + LIMIT_S, ""
    while clock() < until:
        try:
            report = client.update_state()
        except Unreachable:
            restarts, report = True, RESTARTING
        line = _line(report)
        if line != last:
            print(line, flush=True)
        last = line
        # A board that has just started has nothing to say yet.
        if report["state"] not in BUSY + ((READY, "idle") if restarts else ()):
            return report
        pause(LOOK_S)
    raise BoardError("The board does not come to an end with its update; look at its console.")


def _line(report: dict) -> str:
    percent = " (%d %%)" % report["percent"] if "percent" in report else ""
    return "%s: %s%s" % (report["state"], report["sentence"], percent)


def _wished(name: str) -> bool:
    print(MEANING.format(name=name))
    if not sys.stdin.isatty():
        return False
    try:
        return input("Type the board's name (%s) to restart it now: " % name).strip() == name
    except EOFError:
        return False


class _Progress:
    """Says every tenth that is on its way."""

    def __init__(self, size: int):
        self._size, self._said = size, 0

    def __call__(self, sent: int):
        tenth = 10 * sent // max(1, self._size)
        if tenth > self._said:
            self._said = tenth
            print("%d %% of %d MB is sent" % (10 * tenth, self._size // 1_000_000), flush=True)
