"""flash.sh's options: what they are called, and what they say together. Touches nothing."""

import argparse

from firmware.errors import Refused

SETTINGS = ("peer", "listen", "disk", "disk_size", "attach", "wifi", "wifi_password", "wifi_country", "address",
            "gateway", "dns", "time")
COMMON = ("disk_size", "wifi_country", "time")  # what the other board is likely to want as well
COUNTERPARTS = {"left": "right", "right": "left"}

DESCRIPTION = """\
Makes the card of one board: builds its image, writes it, reads it back. The first card of a pair also makes the
pairing file; the second one is made with it, so that no key is typed."""
EXAMPLES = """\
  sudo ./flash.sh --board rpi4 --name left --role primary --peer 192.0.2.10:7411 /dev/sdX
  sudo ./flash.sh --board rpi-zero2w --name right --wifi Office /dev/sdX

Exit: 0 made and read back, 1 broken off in the middle (do it again), 2 refused in one sentence (nothing was
touched), 130 interrupted."""


def parse(argv: "list[str]") -> argparse.Namespace:
    """The options; raises Refused. argparse itself exits with 2 on what it cannot read."""
    options = _parser().parse_args(argv)
    if (options.device is None) == (options.image is None):
        raise Refused("name the card, for example /dev/sdX, or a file: --image FILE; one of them")
    if options.source is None and options.onto is None and options.board is None:
        raise Refused("say which board it is for: --board rpi4 (--help lists them)")
    if options.name is None:
        raise Refused("say what the board is called: --name left")
    if options.pair is not None and options.no_pair:
        raise Refused("--pair and --no-pair exclude each other; leave one out")
    if options.onto is not None:
        _check_onto(options)
    return options


def _check_onto(options: argparse.Namespace) -> None:
    if options.source is not None or options.snapshot is not None:
        raise Refused("--onto takes the image as it is; leave --from and --snapshot out")
    for key in ("wifi", "wifi_password", "wifi_country", "address", "gateway", "dns", "time"):
        if getattr(options, key) is not None:
            raise Refused("--%s goes with a board's own system only; with --onto the network is set in the system that "
                          "the image holds" % key.replace("_", "-"))


def settings(options: argparse.Namespace) -> "dict[str, str]":
    """The lines of sosie.conf that the options say."""
    found = {key: getattr(options, key) for key in SETTINGS}
    return {key: value for key, value in found.items() if value is not None}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="flash.sh", description=DESCRIPTION, epilog=EXAMPLES, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("device", metavar="DEVICE", nargs="?", help="the card, whole: /dev/sdX, /dev/mmcblk0")
    _add_board(parser.add_argument_group("the board"))
    _add_pair(parser.add_argument_group("the pair"))
    _add_settings(parser.add_argument_group("lines of sosie.conf (all can be edited on the card later)"))
    _add_how(parser.add_argument_group("how"))
    return parser


def _add_board(group) -> None:
    group.add_argument("--board", metavar="KIND", help="kind of board, a folder of board/models: rpi4, rpi-zero2w ..")
    group.add_argument("--name", metavar="NAME", help="what it is called, everywhere")
    group.add_argument("--role", choices=("primary", "twin"),
                       help="primary: plugged into the server; twin: the copy (default: what the pairing file says)")


def _add_pair(group) -> None:
    group.add_argument("--pair", metavar="FILE", help="the pairing file; made when it is not there yet "
                       "(default: ~/.config/sosie/PRIMARY-TWIN.pair). It is secret, and worth a copy")
    group.add_argument("--other", metavar="NAME", help="what the other board is called (default: right to left)")
    group.add_argument("--again", action="store_true",
                       help="the first card with this name is lost for good: make another one with the same keys")
    group.add_argument("--no-pair", action="store_true",
                       help="lay no keys on the card: the boards are paired by a short code later")


def _add_settings(group) -> None:
    helps = {
        "peer": ("HOST:PORT", "where the twin is, for the primary"),
        "listen": ("HOST:PORT", "where it waits for the other board (a twin: every address, port 7411)"),
        "disk": ("NAME", "auto, card, or as in /dev/disk/by-id"),
        "disk_size": ("SIZE", "use only this much of the disk"),
        "attach": ("HOW", "usb, nbd:HOST:PORT or none"),
        "wifi": ("NAME", "wireless network"),
        "wifi_password": ("TEXT", "its password, '' for none; without this it is asked for"),
        "wifi_country": ("XX", "the country's two letters"),
        "address": ("ADDRESS/LENGTH", "fixed address of the board; without this by DHCP"),
        "gateway": ("ADDRESS", "with --address"),
        "dns": ("ADDRESS", "with --address"),
        "time": ("HOST", "time server"),
    }
    for key, (metavar, text) in helps.items():
        group.add_argument("--" + key.replace("_", "-"), metavar=metavar, help=text)


def _add_how(group) -> None:
    group.add_argument("--image", metavar="FILE", help="write an image file instead of a card")
    group.add_argument("--from", dest="source", metavar="IMAGE", help="an image that was built before")
    group.add_argument("--onto", metavar="IMAGE", help="lay the firmware onto a system that you have: an image of "
                       "Raspberry Pi OS or Debian (no second root slot, no updates over the page)")
    group.add_argument("--snapshot", metavar="DATE", help="build from Debian's packages of that day (20260101T000000Z)")
    group.add_argument("--force", action="store_true", help="take a disk that does not look like a card, or replace "
                       "the file of --image")
    group.add_argument("--yes", action="store_true", help="do not ask before overwriting")
