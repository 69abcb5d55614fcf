"""RAUC's custom bootloader backend: `python3 -m board.update.backend get-primary` and so on.

RAUC's words, with what they mean here: the "primary" is what boots next, and making another slot than the running
one primary means to try it once.
"""

import os
import sys

from board.update.boot import Boot
from board.update.bootchoice import SLOTS, Choice
from board.update.grubenv import Unusable
from board.update.places import Places


def main(arguments: "list[str]", boot: Boot) -> int:
    """One call; answers on stdout. Exit: 0, or 1 with a sentence on stderr."""
    try:
        answer = _answer(boot, *arguments)
    except (OSError, Unusable, ValueError, TypeError, KeyError) as error:
        print("the boot choice: %s" % error, file=sys.stderr)
        return 1
    if answer is not None:
        print(answer)
    return 0


def _answer(boot: Boot, verb: str, slot: "str | None" = None, state: "str | None" = None) -> "str | None":
    if slot is not None and slot not in SLOTS:
        raise ValueError("there is no slot %s" % slot)
    if verb == "get-current":
        return boot.read().current
    if verb == "get-primary":
        return boot.read().next
    if verb == "get-state" and slot:
        return "bad" if boot.read().bad == slot else "good"
    if verb == "set-primary" and slot:
        boot.change(Choice.try_once, slot)
    elif verb == "set-state" and slot and state == "bad":
        boot.change(Choice.set_bad, slot)
    elif verb == "set-state" and slot and state == "good":
        boot.change(_good, slot)
    else:
        raise ValueError("%s is not something that RAUC asks" % " ".join(filter(None, (verb, slot, state))))
    return None


def _good(choice: Choice, slot: str):
    if slot == choice.current:
        choice.keep()
    elif choice.bad == slot:
        choice.bad = ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Boot(Places(os.environ.get("SOSIE_ROOT", "")))))
