"""A board whose disk is reached by iSCSI: `python3 tests/scsi/target.py board.conf [removable]`, or MicroPython.

The whole firmware, with iSCSI sessions where NBD clients would be: the conf's `attach = nbd:HOST:PORT` is where
it listens. Prints `ready` when a host may come.
"""

import sys

sys.path.insert(0, (__file__.rsplit("/", 1)[0] if "/" in __file__ else ".") + "/../..")

from firmware import config  # noqa: E402 -- found through the path above
from firmware.appliance import Appliance  # noqa: E402
from firmware.host.scsi.unit import LogicalUnit  # noqa: E402
from tests.scsi.iscsi import Session  # noqa: E402

_LOOK_EVERY_MS = 20


class Target(Appliance):
    """A board with its disk as LUN 0, and LUN 1 without a medium."""

    def __init__(self, settings, removable: bool):
        super().__init__(settings)
        names = "SOSIE", "Twin disk", "1"
        self._units = [
            LogicalUnit(self._board.volume, *names, "conformance-0", removable=removable),
            LogicalUnit(None, *names, "conformance-1", removable=True, writable=False),
        ]
        self._loop.soon(self._tell)

    def _tell(self) -> None:
        if self._board.volume.ready:
            for unit in self._units:
                unit.attached()
            print("ready")
            if hasattr(sys.stdout, "flush"):
                sys.stdout.flush()
        else:
            self._loop.call_after(_LOOK_EVERY_MS, self._tell)

    def _new_host(self):
        session = Session(self._units, self._gone)
        self._hosts = [other for other in self._hosts if not other.finished]
        self._hosts.append(session)
        return session

    def _gone(self, session) -> None:
        """The nexus is lost, and with it what it had prevented (SPC-4 6.17.1)."""
        for unit in self._units:
            unit.prevented = False


def main(path: str, *words) -> int:
    with open(path, "rb") as file:
        settings = config.parse(file.read())
    return Target(settings, "removable" in words).run()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
