"""What a person is asked before, and told after."""

from firmware.quantity import size_text
from tools.flash.machine import Device


def question(device: Device, contents: "list[str]") -> str:
    """What is about to be overwritten."""
    lines = ["%s: %s, %s, %s" % (device.path, device.model or "no name", size_text(device.size), device.kind)]
    lines += ["  holds " + each for each in contents] or ["  has no partitions"]
    return "\n".join(lines + ["Everything on it will be gone."])


def next_steps(wanted, half, kind, values: "dict[str, str]") -> str:
    """What to do with the card that was made."""
    steps = [_where_to(wanted, kind)]
    if half.role == "primary" and "peer" not in values:
        steps.append("This primary does not know its twin's address yet: write it into sosie.conf on the card, in the "
                     "line peer, when it is known.")
    if half.pair is not None:
        steps += _pair_steps(wanted, half)
    else:
        steps.append("The boards are not paired: type `pair` on the console of one, and what it says on the other's.")
    steps.append(_port(half))
    head = "The card of %s (%s) is made, and was read back." % (half.name, half.role)
    return "\n".join([head] + ["%3d. %s" % pair for pair in enumerate(filter(None, steps), 1)])


def _where_to(wanted, kind) -> str:
    if wanted.image:
        return "%s is the whole card, keys and all: write it with any imager, then delete it." % wanted.image
    board = kind.title if kind else "the board"
    return ("Put it into %s. Attach the disk, the network, and last the power. sosie.conf on the card's first "
            "partition can still be edited, on any computer." % board)


def _pair_steps(wanted, half) -> "list[str]":
    steps = []
    if not half.pair.board(half.other)["flashed"]:
        board = "--board %s " % wanted.board if wanted.board else ""
        steps.append("The other card: ./flash.sh %s--name %s --pair %s /dev/sdX" % (board, half.other, half.path))
    steps.append("Keep %s, and a copy of it, where nobody else reads it: it is the key to both boards. "
                 "`tools/sosie pair show --password %s` says the password of their pages."
                 % (half.path, half.path))
    return steps


def _port(half) -> str:
    if half.role == "primary":
        return "Its page: https:// and the board's address."
    port = half.pair.listen_port if half.pair else 7411
    return ("Its page: https:// and the board's address. The other board must reach TCP port %d of this one: forward "
            "it where there is a router in front." % port)
