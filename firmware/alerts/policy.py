"""How patient alerts are with each condition of firmware/status/conditions.py."""

_S, _MIN, _H = 1000, 60000, 3600000

# name: (how long it has to hold, how long it has to be gone, whether it is not over while something is held back)
_POLICIES = {
    "behind": (_MIN, 2 * _MIN, True),
    "no_link": (30 * _S, 30 * _S, True),  # the boards dial again by themselves
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


def policy(name: str) -> tuple:
    """(hold ms, gone ms, whether it waits for all that is held back) of a condition."""
    return _POLICIES.get(name, _USUAL)
