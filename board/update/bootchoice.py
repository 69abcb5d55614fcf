"""Which slot is booted next: what GRUB's variables mean, and every change that is made to them here.

    primary   A | B        the slot that is booted
    trial     A | B | ""   booted once instead; GRUB empties it before it does so
    bad       A | B | ""   this slot's content is not to be booted: it is being written, or failed

Every change is one write of one sector.
"""

SLOTS = ("A", "B")


class Choice:
    """The variables of one moment, which may hold others' too. `current` is the slot that runs now, `tried` whether
    the boot loader chose it as a trial: it may also run because the primary could not be loaded.
    """

    def __init__(self, variables: "dict[str, str]", current: str, tried: bool = False):
        self.current = current
        self._tried = tried
        self._others = {name: value for name, value in variables.items() if name not in ("primary", "trial", "bad")}
        self.primary = _slot(variables.get("primary")) or "A"
        self.trial = _slot(variables.get("trial"))
        self.bad = _slot(variables.get("bad"))

    @property
    def variables(self) -> "dict[str, str]":
        """All of them, with those that choose in front: they stand in the block's first sector."""
        return {"primary": self.primary, "trial": self.trial, "bad": self.bad, **self._others}

    @property
    def next(self) -> str:
        """What boots next."""
        return self.trial or self.primary

    @property
    def on_trial(self) -> bool:
        """Whether the slot that runs is being tried, and not kept yet."""
        return self._tried and self.current != self.primary

    def try_once(self, slot: str):
        """The next boot is this slot, the one after it the old one, unless it is kept."""
        self.trial = "" if slot == self.primary == self.current else slot
        self.bad = "" if self.bad == slot else self.bad

    def keep(self):
        """The slot that runs is good: it is booted from now on."""
        self.primary, self.trial = self.current, ""
        self.bad = "" if self.bad == self.current else self.bad

    def set_bad(self, slot: str):
        """This slot is not booted any more, as far as there is another one."""
        self.bad = slot
        self.trial = "" if self.trial == slot else self.trial
        if self.primary == slot:
            self.primary = other(slot)


def other(slot: str) -> str:
    return SLOTS[1 - SLOTS.index(slot)]


def _slot(text: "str | None") -> str:
    return text if text in SLOTS else ""
