"""A board with a bug in what it shows: `saboteur.py BUG -m firmware CONF`. It strikes while the file CONF.bug is there.

hang: what surfaces keep on their card does not answer; all others raise where they stand.
"""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from board.health.watch import Health, Reader  # noqa: E402 -- the tree is found through the path above
from firmware import surfaces  # noqa: E402
from firmware.__main__ import main  # noqa: E402
from firmware.alerts.alerts import Alerts  # noqa: E402
from firmware.api.api import Api  # noqa: E402
from firmware.api.live import Live  # noqa: E402
from firmware.ports.cpython import keyfolder  # noqa: E402
from firmware.ports.cpython.keyring import Keyring  # noqa: E402
from firmware.ports.notebook import Notebook  # noqa: E402
from firmware.status import pulse, snapshot  # noqa: E402
from firmware.status.chronicle.archive import Archive  # noqa: E402
from firmware.status.chronicle.chronicle import Chronicle  # noqa: E402
from firmware.website import Website  # noqa: E402

BUGS = {
    "timer": [(pulse, "look_at_growth")],
    "done": [(Health, "_held")],
    "listener": [(Live, "happened")],
    "shown": [(snapshot, "words")],
    "admitted": [(Api, "admit")],
    "lost": [(Live, "leave")],
    "opened": [(Website, "open")],
    "left": [(Website, "leave")],
    "looked": [(Alerts, "look")],
    "ticked": [(Chronicle, "tick")],
    "recalled": [(Alerts, "recall")],
    "settings": [(surfaces, "Notebook")],
    "renewed": [(Keyring, "renew")],
    "hang": [(Reader, "read"), (Archive, "read"), (Notebook, "change"), (keyfolder, "read"), (keyfolder, "write")],
}


def plant(owner, name: str, mark: str, strike) -> None:
    sound = getattr(owner, name)

    def sabotaged(*args, **named):
        if os.path.exists(mark):
            strike()
        return sound(*args, **named)

    setattr(owner, name, sabotaged)


def fail() -> None:
    raise ZeroDivisionError("planted")


if __name__ == "__main__":
    bug, conf = sys.argv[1], sys.argv[-1]
    os.environ["SOSIE_SERVING"] = conf + ".serving"  # so that the status line is made
    for place in BUGS[bug]:
        plant(*place, conf + ".bug", (lambda: time.sleep(60)) if bug == "hang" else fail)
    sys.exit(main([conf]))
