"""The port of a board: which controller it has, and whether the gadget on it is made or lent."""

from . import controller
from .gadget import Gadget, gadget_name
from .lent import LentGadget, find_lent
from .paths import Paths


class Port:
    """The USB port of the board `board`, on the controller `wanted` or the only one."""

    def __init__(self, board: str, wanted: "str | None" = None):
        self._paths = Paths()
        lent = find_lent(self._paths)
        self._kind = LentGadget if lent else Gadget
        self._product = "Sosie " + board
        self.gadget_name = lent or gadget_name(board)
        self._wanted = wanted

    def find(self) -> str:
        """The name of its controller. Raises Refused, controller.NoController while there is none."""
        return controller.find(self._paths, self._wanted, self.gadget_name)

    def gadget(self, serial: str, session: int = 0) -> Gadget:
        """What is to be seen on it; `serial` and `session` as Gadget has them. Raises as find() does."""
        return self._kind(self._paths, self.gadget_name, self.find(), serial, self._product, session=session)
