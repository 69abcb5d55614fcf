"""A board that does not run says why on every surface, in the language of who looks after it."""

import pytest

from board import settings
from board.steward.silent import SilentBoard
from firmware.errors import Refused
from firmware.status import table
from firmware.status.snapshot import snapshot

SETTINGS = b"name = left\nrole = primary\npeer = 192.0.2.1:7411\nlanguage = fr\nrate = fast\n"


class Clock:
    def now_ms(self):
        return 5000

    def wall_ms(self):
        return 1795000000000


def defaults(given) -> list:
    return [("disk", "/dev/sda"), ("journal", "/dev/mmcblk0p6"), ("keys", "/state/keys"), ("web", "[::]:443")]


@pytest.mark.parametrize(("language", "verdict"), [("en", "FAILED"), ("fr", "EN PANNE")])
def test_its_snapshot_is_one_like_any_other(language, verdict):
    shown = snapshot(SilentBoard("left", "primary", "the journal is full", "1.2", Clock(), language))
    assert shown["words"]["verdict"] == verdict and shown["words"]["mood"] == "bad" and not shown["serving"]
    assert [each["name"] for each in shown["conditions"]] == ["storage"]
    assert len(table.rows(shown)) >= 8 and len(shown["alarms"]) == 1


def test_a_typing_error_in_the_settings_is_told_in_their_language():
    its = settings.lenient(SETTINGS, defaults)
    with pytest.raises(Refused) as refusal:
        settings.parse(SETTINGS, lambda wishes, given: defaults(given))
    board = SilentBoard(its.name, its.role, str(refusal.value), "", Clock(), its.language)
    board.alarm("usb", "another board with this name has its USB disk here; give each board its own name")
    first, second = snapshot(board)["alarms"]
    assert first.startswith("sosie.conf : ligne 5 : rate = fast : ce n'est pas un débit")
    assert second.startswith("un autre boîtier de ce nom")
