"""The order in which a card is made: everything that can be refused first, then the question, then the work."""

import getpass
import os
import sys

from firmware.errors import Refused
from tools.errors import BoardError
from tools.flash import build, conf, options, pairing, verdict, words
from tools.flash.card import Maker
from tools.flash.machine import Machine
from tools.flash.progress import Progress
from tools.flash.target import Card, Failed, File

MADE, BROKEN_OFF, REFUSED, INTERRUPTED = 0, 1, 2, 130


def main(argv: "list[str]", machine: "Machine | None" = None) -> int:
    """Makes one card; the exit code."""
    progress = Progress()
    try:
        return _run(options.parse(argv), machine or Machine(), progress)
    except (Refused, BoardError) as error:
        progress.stop()
        print("flash.sh: %s" % str(error).rstrip("."), file=sys.stderr)
        return REFUSED
    except Failed as error:
        progress.stop()
        print("flash.sh: %s" % error, file=sys.stderr)
        return BROKEN_OFF
    except KeyboardInterrupt:
        progress.stop()
        print("flash.sh: interrupted; a card that was being written holds nothing now: do it again", file=sys.stderr)
        return INTERRUPTED


def _run(wanted, machine: Machine, progress: Progress) -> int:
    model = build.model(wanted.board)
    _check_root(wanted)
    device = verdict.card(machine, wanted.device, wanted.force) if wanted.device else None
    if wanted.image:
        verdict.file(wanted.image, wanted.force)
    half = pairing.find(wanted)
    values = {"name": half.name, "role": half.role, **half.inherited(), **options.settings(wanted)}
    _ask_wifi_password(values)
    settings = conf.render(values, conf.ONTO_NOTE if wanted.onto else "")
    # From here on nobody mounts the card, however long its image is being built; a file has its place.
    target = Card(device.path, device.size) if device else File(wanted.image)
    try:
        if device and not wanted.yes and not _confirmed(words.question(device, machine.contents(device))):
            raise Refused("nothing was done")
        build.provide_programs(wanted)
        with build.image(wanted, model, progress) as image:
            if not device:
                target.stretch(image.size)
            Maker(image, target, progress, bool(wanted.onto)).make(half, settings)
    finally:
        target.close()
    half.remember(options.settings(wanted))
    half.flashed()
    print(words.next_steps(wanted, half, model, values))
    return MADE


def _check_root(wanted) -> None:
    if os.geteuid() == 0:
        return
    if wanted.device:
        raise Refused("only root may write a card; say: sudo ./flash.sh ..")
    if not wanted.source:
        raise Refused("only root may build an image; say: sudo ./flash.sh ..")


def _ask_wifi_password(values: dict) -> None:
    """Not on the command line if it can be avoided: others see that."""
    if values.get("wifi_password") == "":
        del values["wifi_password"]  # there is none
        return
    if "wifi" not in values or "wifi_password" in values:
        return
    if not sys.stdin.isatty():
        raise Refused("--wifi asks for the network's password on a terminal; without one, say --wifi-password TEXT, or "
                      "--wifi-password '' where there is none")
    password = getpass.getpass("Password of the wireless network %s (none: just Enter): " % values["wifi"])
    if password:
        values["wifi_password"] = password


def _confirmed(question: str) -> bool:
    print(question)
    if not sys.stdin.isatty():
        raise Refused("this asks on a terminal; without one, say --yes")
    try:
        return input("Overwrite it? Type yes: ").strip().lower() == "yes"
    except EOFError:
        return False
