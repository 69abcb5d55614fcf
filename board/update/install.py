"""Takes what was uploaded, checks it, lets RAUC write it to the other slot, and asks for its trial.

`python3 -m board.update.install` runs once at every boot, to end what a power cut or a trial left, and whenever
something lies in the inbox. A power cut at any instruction: before the trial is asked for, the old slot boots and the
work begins again, or goes on; afterwards, the new one is tried once. The bundle is gone before that, so the new slot
never finds it and never writes over the old one.
"""

import os
import stat
import subprocess
import sys
import time

from board.files import sync_folder
from board.update.boot import Boot
from board.update.bootchoice import Choice, other
from board.update.bundle import Bundle, advice, judge
from board.update.grubenv import Unusable
from board.update.places import Places, discard
from board.update.rauc import Rauc, RaucError
from board.update.story import Report, Serving, Story
from firmware.errors import Refused

MAX_ATTEMPTS = 3  # a bundle that brings the board down while it is installed must not do so forever
CHECKING = "an update was received and is being checked"
FAILED = "the update could not be installed, and nothing changed for the system that runs: %s"
READY = "version %s is in place and is tried when the board restarts; eject the disk on its server before that%s"
ROLLED_BACK = "version %s was tried and did not come up with its disk served; the board runs %s again, unchanged"
KEPT = "version %s runs, and is kept"


class Updater:
    """One run. `restart()` restarts the board; `pause(seconds)` waits."""

    def __init__(self, places: Places, rauc: Rauc, boot: Boot, report: Report, serving: Serving, restart, pause):
        self._places, self._rauc, self._boot, self._report = places, rauc, boot, report
        self._serving, self._restart, self._pause = serving, restart, pause
        self._story = Story.load(places)

    def run(self):
        """Ends what was begun, then does what is asked for."""
        self.resume()
        self._wait_for_trial()
        while self.take():
            self.install()

    def resume(self):
        """After a restart: how did it go?"""
        story, choice = self._story, self._boot.read()
        if story.stage == "installed":
            self._drop_bundle()
            self._arm("")
        elif story.stage == "armed" and not choice.trial and choice.current != story.slot:
            self._end("rolled back", ROLLED_BACK % (story.version, self._places.running_version()))
        elif story.stage == "armed" and choice.primary == choice.current == story.slot:
            self._end("confirmed", KEPT % self._places.running_version())
        elif not choice.on_trial and not os.path.exists(self._places.bundle):
            self._report.story(story)

    def _wait_for_trial(self):
        """While the slot that runs is on trial, the other one is all that there is to come back to."""
        while self._boot.read().on_trial:
            self._pause(1)
        self._story = Story.load(self._places)

    def take(self) -> bool:
        """Moves what was received to where only root comes; whether there is something to install."""
        places = self._places
        if os.path.lexists(places.received):
            self._report.say("checking", CHECKING)  # before it is gone from where its sender looks
            self._boot.change(_disarm)
            self._keep("")
            discard(places.bundle)
            os.replace(places.received, places.bundle)
            sync_folder(places.inbox)
            sync_folder(places.work)
        return os.path.lexists(places.bundle)

    def install(self):
        """One bundle, to its end."""
        try:
            self._report.say("checking", CHECKING)
            bundle = self._check()
            self._begin(bundle)
            self._rauc.install(self._places.bundle, lambda percent: self._progress(bundle, percent))
        except Refused as refused:
            self._end("refused", str(refused))
        except RaucError as error:
            self._end("refused", FAILED % error)
        else:
            # Asked twice, for one look may fall into a step of the clock.
            self._story.served = self._story.served or self._serves()
            self._keep("installed")
            self._drop_bundle()
            self._arm(advice(bundle))

    def _check(self) -> Bundle:
        places = self._places
        self._make_ours(places.bundle)
        if not os.path.exists(places.certificate):
            raise Refused("this board was flashed without a certificate for updates; flash its card with one")
        self._rauc.prepare()
        try:
            info = self._rauc.info(places.bundle)
        except RaucError as error:
            raise Refused("this is no update that this board trusts (%s); make it with the key whose certificate was "
                          "on the card when it was flashed" % error)
        bundle = Bundle(info)
        slot = other(places.slot())
        judge(bundle, places.running_version(), places.running_model(), size_of(places.slot_device(slot)))
        return bundle

    def _make_ours(self, path: str):
        """Nobody else may write to it from here on; whoever has it open is held off by the bundle's own hashes."""
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise Refused("what was received is not a file")
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fchown(file, os.geteuid(), os.getegid())
            os.fchmod(file, 0o600)
        finally:
            os.close(file)

    def _begin(self, bundle: Bundle):
        story = self._story
        if story.stage == "installing" and story.attempts >= MAX_ATTEMPTS:
            raise Refused("the board went down %d times while it installed this update; it does not try again"
                          % story.attempts)
        again = story.stage == "installing"
        story.attempts = story.attempts + 1 if again else 1
        # After a power cut the work begins again before the disk is served again.
        story.served = (again and story.served) or self._serves()
        story.version, story.slot = bundle.version, other(self._places.slot())
        self._keep("installing")

    def _serves(self) -> bool:
        return self._serving.facts() is not None

    def _progress(self, bundle: Bundle, percent: int):
        sentence = "version %s is being written to slot %s" % (bundle.version, self._story.slot)
        self._report.say("installing", sentence, percent=percent)

    def _arm(self, more: str):
        story = self._story
        self._boot.change(Choice.try_once, story.slot)
        story.sentence = READY % (story.version, more)
        self._keep("armed")
        self._report.story(story)
        said = self._serving.facts()
        if said and said.get("role") == "twin":
            self._restart()  # no server has its disk

    def _end(self, stage: str, sentence: str):
        self._story.sentence = sentence
        self._keep(stage)
        self._drop_bundle()
        self._report.story(self._story)

    def _keep(self, stage: str):
        self._story.stage = stage
        self._story.keep(self._places)

    def _drop_bundle(self):
        discard(self._places.bundle)
        sync_folder(self._places.work)


def _disarm(choice: Choice):
    choice.trial = ""


def size_of(path: str) -> int:
    """Bytes of a file or a block device."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.lseek(file, 0, os.SEEK_END)
    finally:
        os.close(file)


def restart_board():
    """In an orderly way: the firmware stops first."""
    subprocess.run(["systemctl", "reboot"], check=True)


def main() -> int:
    """Exit: 0, or 1 with a sentence when the board itself is not as it should be."""
    places = Places(os.environ.get("SOSIE_ROOT", ""))
    os.makedirs(places.work, 0o700, exist_ok=True)
    os.makedirs(places.scratch, 0o700, exist_ok=True)
    try:
        Updater(places, Rauc(places), Boot(places), Report(places), Serving(places, time.time), restart_board,
                time.sleep).run()  # fmt: skip
    except (OSError, Unusable, KeyError, ValueError) as error:
        print("sosie-update: updates do not work on this board: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
