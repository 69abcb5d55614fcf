"""A logical unit: what a host knows of one disk, and what it has set, beside the data."""

from firmware.host.scsi.limits import BLOCK_SHIFT
from firmware.host.scsi.sense import (
    BECOMING_READY,
    INTERNAL_FAILURE,
    MEDIUM_CHANGED,
    NO_MEDIUM,
    RESET_OCCURRED,
    SOFTWARE_WRITE_PROTECTED,
    WRITE_PROTECTED,
    CheckCondition,
)

_ENOUGH = 16  # reads; a look at a partition table takes fewer, a file system more


def _never() -> bool:
    """Stands for `becoming_ready` until an owner sets it."""
    return False


def _nobody(number: int) -> None:
    """Stands for `remember` until an owner sets it."""


class LogicalUnit:
    """One logical unit on `volume`, or without a medium (None).

    The names are ASCII; `serial` is unique to the unit for ever. `writable`: False for what may only be read.
    `missed`: a host was told that there is no medium, which the owner may take back. `seen`: since the medium came, a
    host has written it, or read it more than once or twice; less is not enough, for Linux looks, but leaves a fixed
    disk alone in which it once found no medium. `becoming_ready()` is the owner's: whether a medium that is absent
    will be there in a moment, so that a host is told to wait for it.
    """

    def __init__(self, volume, vendor: str, product: str, revision: str, serial: str, removable=False, writable=True):
        self.volume = volume
        self.vendor = vendor
        self.product = product
        self.revision = revision
        self.serial = serial
        self.removable = removable
        self.writable = writable
        self.becoming_ready = _never
        self.missed = False
        self._uses = 0  # of the medium, a write counts for many
        self.ejected = False
        self.prevented = False
        self.write_cache = True
        self.write_protect = False
        self.attentions = []
        self.remember = _nobody
        self.calm = False  # nothing stands between a host and the medium, as far as the unit itself knows
        self._present = self._has_medium()
        self._settle()

    @property
    def blocks(self) -> int:
        """The capacity in logical blocks."""
        return self.volume.size >> BLOCK_SHIFT

    @property
    def trims(self) -> bool:
        """Whether blocks can be unmapped."""
        return self.volume is not None and self.volume.trims

    @property
    def has_medium(self) -> bool:
        """Whether there was a medium when the last command came."""
        return self._present and not self.ejected

    @property
    def writes_plainly(self) -> bool:
        """Whether an ordinary write is over when the volume has it."""
        return self.writable and self.write_cache and not self.write_protect

    @property
    def settings(self) -> int:
        """What the host has set, and what it was told, as a number from 0 to 15: for a process that goes on with its
        session. The owner may set `remember(number)`, which is called before the host is told that it is so."""
        return (not self.write_cache) | self.write_protect << 1 | self.ejected << 2 | self.missed << 3

    @settings.setter
    def settings(self, number: int) -> None:
        self.write_cache, self.write_protect = not number & 1, bool(number & 2)
        self.ejected, self.missed = bool(number & 4), bool(number & 8)
        self._settle()

    @property
    def seen(self) -> bool:
        """Whether a host has taken the medium that is there."""
        return self._uses >= _ENOUGH

    def used(self, is_write: bool) -> None:
        """A host works with the blocks."""
        self._uses += _ENOUGH if is_write else 1

    def set_modes(self, write_cache: bool, write_protect: bool) -> None:
        """The host has chosen (MODE SELECT)."""
        self.write_cache, self.write_protect = write_cache, write_protect
        self._settle()

    # What the owner and the transport tell

    def attached(self) -> None:
        """A host sees the device for the first time, or again: as after power on.

        A write cache that was switched off stays off. On USB a bus reset looks like this too, and a host that
        only reset the device does not ask for its mode pages again: it would go on without its flushes.
        """
        self.ejected = False
        self.write_protect = False
        self._present = self._has_medium()
        self.reset()

    def reset(self) -> None:
        """Reset by the bus, or of this unit (SAM-5 6.3.3)."""
        self.prevented = False
        self.attentions = [RESET_OCCURRED]
        self._settle()

    def change_medium(self, volume) -> None:
        """Another medium, or none."""
        self.volume = volume
        self._present = False
        self.ejected = False
        self._uses = 0
        self.look()

    def load(self) -> None:
        """The host wants the medium that it ejected again. It knows, so nothing is to be told."""
        self.ejected = False
        self._settle()

    def eject(self) -> None:
        """The host lets go of the medium; everything written is durable."""
        self.ejected = True
        self._uses = 0
        self._settle()

    def take_attention(self) -> int:
        """The sense code of the oldest unit attention condition, which the host is told of now."""
        code = self.attentions.pop(0)
        self._settle()
        return code

    # What commands ask

    def look(self) -> None:
        """Notices a medium that came or went since the last command."""
        present = self._has_medium()
        if present and not self._present and not self.ejected:
            self._attend(MEDIUM_CHANGED)
        if not present:
            self._uses = 0
        self._present = present
        self._settle()

    def check_ready(self) -> None:
        """Raises CheckCondition when there is no medium to work on."""
        if not self._present or self.ejected:
            if self.volume is not None and not self.ejected and self.becoming_ready():
                raise CheckCondition(BECOMING_READY)
            if not self.ejected and not self.missed:
                self.missed = True
                self._settle()
            raise CheckCondition(NO_MEDIUM)

    def check_sound(self) -> None:
        """Raises CheckCondition when storage failed."""
        if self.volume is not None and self.volume.failed:
            raise CheckCondition(INTERNAL_FAILURE)

    def check_writable(self) -> None:
        """Raises CheckCondition when the medium is not to be written."""
        if not self.writable:
            raise CheckCondition(WRITE_PROTECTED)
        if self.write_protect:
            raise CheckCondition(SOFTWARE_WRITE_PROTECTED)

    def _has_medium(self) -> bool:
        volume = self.volume
        return volume is not None and (not volume.refusal or volume.failed)

    def _attend(self, code: int) -> None:
        if code not in self.attentions:
            self.attentions.append(code)

    def _settle(self) -> None:
        self.calm = self._present and not (self.attentions or self.ejected)
        self.remember(self.settings)
