"""A disk that comes while its host is there: a twin that is promoted, a board that has played its journal."""

_LOOK_MS = 1000
_PATIENT_LOOKS = 3


class Medium:
    """Watches whether a host that was told that `unit` has no medium has seen the one that came.

    A host that asks is told by a UNIT ATTENTION. But few ask a fixed disk again that had no medium when they met
    it; for them `replug()` makes a new plug of it, once, a few seconds after the medium came. `plugged` is the owner's.
    """

    def __init__(self, loop, volume, unit, bot, replug):
        self.plugged = False
        self._loop = loop
        self._volume = volume
        self._unit = unit
        self._bot = bot
        self._replug = replug
        self._unseen = 0
        self._look()

    def _look(self) -> None:
        self._loop.call_after(_LOOK_MS, self._look)
        unit = self._unit
        is_there = self.plugged and self._bot.attached and self._volume.ready
        if not is_there or not unit.missed or unit.seen or unit.ejected:
            self._unseen = 0
            return
        self._unseen += 1
        if self._unseen > _PATIENT_LOOKS:
            self._unseen = 0
            unit.missed = False
            self._replug()
