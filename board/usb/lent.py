"""A gadget that root has made and lent to the user who runs the board, who may then be nobody in particular.

configfs gives new folders to root, and only root mounts. But writing an attribute asks for no more than the file's
permission, and so does ep0. So everything is made once, before the board starts (prepare.py), and what differs from one
session to the next is written into it.
"""

import os

from firmware.errors import Refused

from .gadget import Gadget, gadget_name
from .paths import Paths
from .system import System

_MOUNTED = "uid=%d,gid=%d,rmode=0500,fmode=0600"


def lend(paths: Paths, board: str, uid: int, gid: int, system=None) -> str:
    """As root: makes the gadget of `board` and gives it to a user; returns its name. Raises Refused."""
    system = system or System()
    name = gadget_name(board)
    gadget = Gadget(paths, name, "", "0" * 12, "Sosie " + board, system=system)
    gadget.prepare(_MOUNTED % (uid, gid))
    try:
        system.give(paths.gadget(name), uid, gid)
    except OSError as error:
        raise Refused("the USB disk cannot be lent to user %d (%s); start the board as root" % (uid, error.strerror))
    return name


def find_lent(paths: Paths, system=None, uid: "int | None" = None) -> "str | None":
    """The name of the gadget that was lent to this user; None for root, who needs none, and where there is none."""
    system = system or System()
    uid = os.geteuid() if uid is None else uid
    if not uid:
        return None
    lent = (name for name in system.names(paths.gadgets) if system.owner(paths.gadget(name)) == uid)
    return next(lent, None)


class LentGadget(Gadget):
    """As Gadget, for who may not make one: what lend() made is taken into use, and left as it is."""

    def prepare(self) -> None:
        """Ready for descriptors and bind(), with nothing left of an earlier session."""
        if not self._attempt("find where FunctionFS is mounted", self._mounts):
            raise Refused("FunctionFS of the USB disk is not mounted any more; restart the board")
        self._attempt("take the gadget %s off the bus" % self._name, self._let_go)
        self._attempt("describe the gadget %s" % self._name, self._describe)

    def tear_down(self) -> None:
        """Takes it off the bus."""
        self.unbind()

    def _describe(self) -> None:
        self._system.write(self._path + "/bcdDevice", self._release)
        self._write_strings(self._path, self._strings)
