"""The keys of board.conf, what parses the value of each, and an example of it."""

from firmware import address, panel, schedule
from firmware.alerts import places
from firmware.conf import doors, pacing, storage
from firmware.conf.values import choice, folder, name, path
from firmware.status.texts import LANGUAGES

# key: (parser, an example of its value)
KEYS = {
    "name": (name, "left"),
    "role": (choice("primary", "twin"), "primary"),
    "disk": (path, "/srv/left.img"),
    "disk_size": (storage.disk_size, "1G"),
    "journal": (path, "/srv/left.journal"),
    "journal_size": (storage.journal_size, "512M"),
    "history_size": (storage.history_size, "0"),
    "attach": (doors.attach, "nbd:127.0.0.1:10809"),
    "listen": (address.parse, "127.0.0.1:7411"),
    "peer": (address.parse, "127.0.0.1:7411"),
    "web": (address.parse, "127.0.0.1:8080"),
    "console": (doors.console, "/dev/ttyAMA0:115200"),
    "keys": (folder, "/srv/left.keys"),
    "chronicle": (path, "/srv/left.chronicle"),
    "settings": (path, "/srv/left.settings"),
    "look": (choice("login", "anyone"), "login"),
    "language": (choice(*LANGUAGES), "en"),
    "rpo": (pacing.rpo, "15m"),
    "ack": (choice("local", "received", "durable"), "local"),
    "when_full": (storage.when_full, "hold"),
    "rate": (schedule.parse, "0"),
    "quota": (pacing.quota, "5G"),
    "quota_file": (path, "/srv/left.quota"),
    "max_age": (pacing.max_age, "1s"),
    "alert_webhook": places.PARSERS["alert_webhook"],
    "alert_mail": places.PARSERS["alert_mail"],
    "alert_push": places.PARSERS["alert_push"],
    "alert_syslog": places.PARSERS["alert_syslog"],
    "alert_ping": places.PARSERS["alert_ping"],
    "alerts": (path, "/srv/left.alerts"),
    "lights": (panel.lights, "gpio:17,27,22"),
    "button": (panel.button, "gpio:23"),
    "display": (panel.display, "spi:ssd1306"),
}
REQUIRED = ("name", "role", "disk", "journal")
