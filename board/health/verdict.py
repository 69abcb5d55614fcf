"""What the answer of `smartctl --json` means: (well or not, a sentence). Neither is known where nobody tells.

A disk that says by itself that it fails is believed. So are sectors that cannot be read, for a twin is made of them.
Sectors that the disk has replaced are no fault any more, but many of them are the beginning of one.
"""

_REPLACED, _PENDING, _UNREADABLE = 5, 197, 198  # numbers of ATA attributes
_MANY = 50
_WORN_PERCENT = 80
_WARNINGS = (  # bits of critical_warning: NVMe Base Specification, SMART / Health Information
    "its spare blocks run out", "it is too hot", "its reliability is degraded", "it takes no more writes",
    "its backup of volatile memory failed",
)  # fmt: skip
NOTHING = (None, None)


def verdict(answer) -> tuple:
    """(True, False or None; a sentence or None) of one disk's answer, which may be anything."""
    try:
        return _verdict(answer)
    except (AttributeError, KeyError, TypeError, ValueError):
        return NOTHING


def _verdict(answer: dict) -> tuple:
    if answer.get("smart_status", {}).get("passed") is False:
        return False, "its own test says that it is failing"
    for judge in (_nvme, _ata, _scsi):
        found = judge(answer)
        if found != NOTHING:
            return found
    return (True, None) if answer.get("smart_status", {}).get("passed") is True else NOTHING


def _nvme(answer: dict) -> tuple:
    log = answer.get("nvme_smart_health_information_log")
    if log is None:
        return NOTHING
    for bit, sentence in enumerate(_WARNINGS):
        if log.get("critical_warning", 0) & 1 << bit:
            return False, sentence
    if log.get("media_errors", 0) > 0:
        return False, "%d times it could not read what was written" % log["media_errors"]
    return _life(log.get("percentage_used"))


def _life(used: "int | None") -> tuple:
    if used is None:
        return NOTHING
    if used < _WORN_PERCENT:
        return True, None
    return used < 100, "%d %% of its life are used up" % used


def _ata(answer: dict) -> tuple:
    table = answer.get("ata_smart_attributes", {}).get("table")
    if table is None:
        return NOTHING
    raw = {row["id"]: _count(row) for row in table}
    for row in table:
        if row.get("when_failed") == "now":
            return False, "its value %s is beyond what its maker allows" % str(row.get("name"))[:40]
    lost = max(raw.get(_PENDING, 0), raw.get(_UNREADABLE, 0))
    if lost:
        return False, "%d of its sectors cannot be read" % lost
    replaced = raw.get(_REPLACED, 0)
    if replaced:
        return replaced < _MANY, "it has replaced %d bad sectors" % replaced
    return NOTHING


def _count(row: dict) -> int:
    """Some makers put other figures into the upper half."""
    return int(row["raw"]["value"]) & 0xFFFFFFFF


def _scsi(answer: dict) -> tuple:
    grown = answer.get("scsi_grown_defect_list")
    if not grown:
        return NOTHING
    return grown < _MANY, "it has replaced %d bad sectors" % grown
