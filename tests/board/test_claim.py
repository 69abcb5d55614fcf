"""One gadget name, one board."""

import pytest

from board.usb import disk
from firmware.errors import Refused


def test_a_second_board_of_the_same_name_is_refused(monkeypatch):
    monkeypatch.setattr(disk, "_CLAIM_S", 0.2)
    first = disk.claim("sosie-test")
    other = disk.claim("sosie-other")
    with pytest.raises(Refused) as refusal:
        disk.claim("sosie-test")
    assert "give each board its own name" in str(refusal.value)
    first.close()
    disk.claim("sosie-test").close()
    other.close()
