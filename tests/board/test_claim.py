"""One gadget name, one board."""

import pytest

from board.usb import legacy
from firmware.errors import Refused


def test_a_second_board_of_the_same_name_is_refused(monkeypatch):
    monkeypatch.setattr(legacy, "_CLAIM_S", 0.2)
    first = legacy.claim("sosie-test")
    other = legacy.claim("sosie-other")
    with pytest.raises(Refused) as refusal:
        legacy.claim("sosie-test")
    assert "give each board its own name" in str(refusal.value)
    first.close()
    legacy.claim("sosie-test").close()
    other.close()
