"""board.conf: the settings of one board, parsed and checked without touching the machine.

`key = value` lines. `#` begins a comment at the start of a line or behind white space. Every mistake is
refused with one sentence: the line, the key, what is wrong, what to write instead. What only the machine
can tell (does the disk exist, how much room is there) is checked where the board is put together.
"""

from firmware import schedule
from firmware.conf.doors import SPEEDS
from firmware.conf.lines import read_line, shown, split
from firmware.conf.together import check
from firmware.conf.values import name
from firmware.errors import Refused

MAX_BYTES = 64 << 10  # a reader may stop one byte behind this: the text is refused then
__all__ = ["MAX_BYTES", "SPEEDS", "Settings", "name", "parse", "read_line", "shown", "split"]


class Settings:
    """What board.conf says; attributes are named as its keys.

    Sizes are in bytes, `rate` is a Schedule, `quota` in bytes a day (0: none), `max_age` in milliseconds,
    `rpo` in seconds or None. `listen`, `peer`
    and `web` are addresses (firmware/address.py), `attach` is ("nbd", address), ("usb", controller or None)
    or None, `console` is (path, speed or None) or None. `disk_size` and `journal_size` are None when the
    file does not say them, `quota_file` likewise. `keys` is the path of a folder, without a slash at its end.
    `alert_..` are lists of Place (firmware/alerts/place.py).
    """

    def __init__(self):
        self.name = None
        self.role = None
        self.disk = None
        self.disk_size = None
        self.journal = None
        self.journal_size = None
        self.history_size = 0
        self.attach = None
        self.listen = None
        self.peer = None
        self.web = None
        self.console = None
        self.keys = None
        self.texts = {}  # key -> its value as it stands in the file
        self.chronicle = None
        self.settings = None
        self.look = "login"
        self.language = "en"
        self.rpo = None
        self.ack = "local"
        self.when_full = "hold"
        self.rate = schedule.always(0)
        self.quota = 0
        self.quota_file = None
        self.max_age = 1000
        self.alert_webhook = []
        self.alert_mail = []
        self.alert_push = []
        self.alert_syslog = []
        self.alert_ping = []
        self.alerts = None
        self.lights = None
        self.button = None
        self.display = None


def parse(data: bytes) -> Settings:
    """The settings in the bytes of a board.conf; raises Refused."""
    if len(data) > MAX_BYTES:
        raise Refused("this file has more than %d bytes and cannot be a board.conf; name the right file" % MAX_BYTES)
    settings = Settings()
    lines = {}
    for index, line in enumerate(split(data)):
        _take(settings, lines, index + 1, line)
    check(settings, lines)
    return settings


def _take(settings: Settings, lines: dict, number: int, line: bytes) -> None:
    """Puts the setting of one line, if it holds one, into `settings` and its number into `lines`."""
    found = read_line(number, line, lines)
    if found is not None:
        key, settings.texts[key], value = found
        setattr(settings, key, value)
