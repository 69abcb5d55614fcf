"""The conditions of which nobody can say now whether they hold: one that held before is not over because of that."""

from firmware.status.conditions import FILLING_PERCENT, NAMES


def unknown(status: dict, facts: dict) -> list:
    """Names, in the order of NAMES; `status` has its conditions, and none of these is among them."""
    found = []
    for judge in (_unknown_of_log, _unknown_of_sensors, _unknown_of_others):
        found += judge(status, facts)
    held = [each["name"] for each in status["conditions"]]
    return [name for name in NAMES if name in found and name not in held]


def _unknown_of_log(status: dict, facts: dict) -> list:
    if facts["fenced"] or not facts["disk_size"]:  # it does not look at its twin any more, or does not run
        return ["damage", "journal_full", "journal_filling", "no_link", "behind", "copying"]
    found = []
    if status["backlog"]["seconds"] is None and facts["rpo_s"] is not None:
        found.append("behind")
    if facts["inherited"] or not facts["whole"]:  # what an earlier life could not read is found out when it is sent
        found.append("damage")
    if facts["journal_may_be_full"]:  # whether a host waits is seen when it writes again
        found.append("journal_full")
    journal, fills = status["journal"], status["role"] == "primary"
    if fills and journal["growth_bytes_per_s"] is None and journal["used"] * 100 >= journal["size"] * FILLING_PERCENT:
        found.append("journal_filling")
    return found


def _unknown_of_sensors(status: dict, facts: dict) -> list:
    health = facts["health"]
    told = (
        ("voltage", health["under_voltage"]),
        ("temperature", health["temperature_c"]),
        ("disk", health["disk"]["ok"]),
        ("card", health["card"]["used_percent"]),
    )
    return [name for name, value in told if value is None]


def _unknown_of_others(status: dict, facts: dict) -> list:
    """Of those outside of the board."""
    return list(facts["doubted"])
