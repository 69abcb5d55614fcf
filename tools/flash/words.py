"""What a person is asked before, and told after."""

import os
import shlex
import textwrap

from firmware.quantity import size_text
from tools.flash.machine import Device

COLUMNS = 100


def question(device: Device, contents: "list[str]") -> str:
    """What is about to be overwritten."""
    lines = ["%s: %s, %s, %s" % (device.path, device.model or "no name", size_text(device.size), device.kind)]
    lines += ["  holds " + each for each in contents] or ["  has no partitions"]
    return "\n".join(lines + ["Everything on it will be gone."])


def next_steps(wanted, half, kind, values: "dict[str, str]") -> str:
    """What to do with the card that was made."""
    steps = [_where_to(wanted, kind)]
    if half.role == "primary" and "peer" not in values:
        steps.append("This primary does not know its twin's address: write it into sosie.conf, in the line peer, "
                     "before it is switched on. Without it no disk is served.")
    if half.pair is not None:
        steps += _pair_steps(wanted, half)
    else:
        steps.append("The boards are not paired: type `pair` on the console of one, and what it says on the other's.")
    steps.append(_port(half))
    head = "The card of %s (%s) is made, and was read back." % (half.name, half.role)
    return "\n".join([head] + [_item(*pair) for pair in enumerate(steps, 1)])


def _item(number: int, text: str) -> str:
    """Folded, but for commands, which stand on a line of their own."""
    words, newline, line = text.partition("\n")
    folded = textwrap.fill(words, COLUMNS, initial_indent="%3d. " % number, subsequent_indent="     ",
                           break_long_words=False, break_on_hyphens=False)
    return folded + (newline + "         " + line if newline else "")


def _where_to(wanted, kind) -> str:
    if wanted.image:
        return "%s is the whole card, keys and all: write it with any imager, then delete it." % wanted.image
    board = kind.title if kind else "the board"
    return ("Put it into %s. Attach the disk, the network, and last the power. sosie.conf on the card's first "
            "partition can still be edited, on any computer." % board)


def _pair_steps(wanted, half) -> "list[str]":
    steps = []
    if not half.pair.board(half.other)["flashed"]:
        board = wanted.board or "KIND"
        words = ["./flash.sh", "--board", board, "--name", half.other, "--pair", half.path]
        steps.append("The other card:\n" + shlex.join(words + _other_target(wanted, half)))
    steps.append("Keep %s, and a copy of it, where nobody else reads it: it is the key to both boards. The password of "
                 "their pages:\ntools/sosie pair show %s --password" % (half.path, half.path))
    return steps


def _other_target(wanted, half) -> "list[str]":
    if not wanted.image:
        return ["/dev/sdX"]
    return ["--image", os.path.join(os.path.dirname(wanted.image), half.other.replace("/", "-") + ".img")]


def _port(half) -> str:
    if half.role == "primary":
        return "Its page: https:// and the board's address."
    port = half.pair.listen_port if half.pair else 7411
    return ("Its page: https:// and the board's address. The other board must reach TCP port %d of this one: forward "
            "it where there is a router in front." % port)
