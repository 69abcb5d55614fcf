"""How patient alerts are with each condition of firmware/status/conditions.py."""

_S, _MIN, _H = 1000, 60000, 3600000

# name: (how long it has to hold, how long it has to be gone, whether it is not over while something is held back)
_POLICIES = {
    "behind": (_MIN, 2 * _MIN, True),
    "no_link": (30 * _S, 30 * _S, True),  # the boards dial again by themselves
    "journal_full": (0, _MIN, False),
    "journal_filling": (_MIN, 5 * _MIN, True),
    "storage": (0, _MIN, False),
    "fenced": (0, 10 * _S, False),
    "damage": (0, _MIN, False),
    "clock": (10 * _MIN, _MIN, False),  # after the power came the network may take its time
    "temperature": (_MIN, 5 * _MIN, False),
    "voltage": (10 * _S, 10 * _MIN, False),
    "card": (_MIN, _H, False),
    "disk": (_MIN, 10 * _MIN, False),
    "keys": (_MIN, _MIN, False),
    "surface": (_MIN, _MIN, False),
    "settings": (10 * _S, 10 * _S, False),
    "copying": (6 * _H, _MIN, False),  # a copy is no news, unless it takes the whole day
}
_USUAL = (_MIN, _MIN, False)
_WORSE = {"journal_filling": "journal_full"}
_URGENT_S = 600


def policy(name: str) -> tuple:
    """(hold ms, gone ms, whether it waits for all that is held back) of a condition."""
    return _POLICIES.get(name, _USUAL)


def worse(name: str) -> "str | None":
    """The condition that says all that this one does, and more: while it is there, this one is not over."""
    return _WORSE.get(name)


def urgent(status: dict) -> list:
    """Names of those that are not waited with now, for they will be worse in minutes."""
    left_s = status["journal"]["full_in_s"]
    critical = [each["name"] for each in status["conditions"] if each["level"] == "critical"]
    soon = left_s is not None and left_s < _URGENT_S
    return ["journal_filling"] if soon and "journal_filling" in critical else []
