"""What the kernel saw against what our log holds: what is legal, and what must not pass."""

import struct

import pytest

from tests.tools.replay_log import DISCARD, FLUSH, FUA, MARK, ReplayLog
from tests.tools.two_logs import Ours, Unequal, compare, unit_of
from tools.logwrites import LogWrites

A, B, C, D = (bytes([each]) * 4096 for each in b"abcd")

# (flags, unit, data or name): A and B are flushed, C is sent behind that flush; D is in flight meanwhile.
KERNEL = [
    (0, 1, A), (0, 2, B), (FLUSH, 0, b""), (FUA, 3, C), (FLUSH, 0, b""), (MARK, 0, b"here"), (0, 1, D),
    (DISCARD, 2, bytes(4096)), (FLUSH, 0, b""),
]  # fmt: skip
OURS = [[(9, b"the first copy" * 1024)], [(2, B), (1, A)], [(3, C), (1, D)], ["here"], [(2, None)]]


@pytest.fixture
def told(tmp_path):
    """What compare() says of the two logs."""

    def compared(kernel, ours):
        with open(tmp_path / "kernel", "wb") as file:
            file.write(struct.pack("<3QI", 0x6A736677736872, 1, len(kernel), 512).ljust(512, b"\0"))
            for flags, unit, data in kernel:
                is_mark, sectors = flags & MARK, 0 if flags & MARK else len(data) // 512
                entry = struct.pack("<4Q", unit * 8, sectors, flags, len(data) if is_mark else 0)
                file.write((entry + (data if is_mark else b"")).ljust(512, b"\0"))
                file.write(b"" if is_mark or flags & DISCARD else data)
        (tmp_path / "ours").unlink(missing_ok=True)
        with LogWrites(str(tmp_path / "ours")) as log:
            for number, group in enumerate(ours, start=1):
                for each in group:
                    if isinstance(each, str):
                        continue
                    unit, data = each
                    log.write(unit * 4096, data) if data else log.zero(unit * 4096, 4096)
                log.flush()
                for each in group:
                    if isinstance(each, str):
                        log.mark(each.encode())
                log.mark(b"group-%d" % number)
        logs = [ReplayLog(tmp_path / name) for name in ("kernel", "ours")]
        try:
            return compare(logs[0], Ours(logs[1], 1, unit_of(*logs)))
        finally:
            for log in logs:
                log.close()

    return compared


def test_a_legal_order(told):
    assert told(KERNEL, OURS) == {"writes": 5, "flushes": 3, "fua": 1, "marks": 1}


def test_units_of_any_size(told):
    assert told([(0, 1, A[:1536]), (FLUSH, 0, b"")], [[], [(1, A[:1536])]])["writes"] == 1


@pytest.mark.parametrize(
    "ours, why",
    [
        ([OURS[0], [(2, B)], *OURS[2:]], "not there"),  # dropped
        ([OURS[0], [(2, B), (1, C)], *OURS[2:]], "another content"),
        ([OURS[0], [(2, B), (1, D)], [(3, C), (1, A)], *OURS[3:]], "another content"),  # swapped
        ([OURS[0], [(2, B), (1, A), (3, C)], [(1, D)], *OURS[3:]], "sent after a flush"),  # before that flush is over
        ([OURS[0], [(1, A)], [(3, C), (1, D)], [(2, B)], ["here"], [(2, None)]], "sent after a flush"),  # B comes late
        ([OURS[0], ["here"], *OURS[1:3], [], [(2, None)]], "mark here"),
        ([*OURS, [(7, A)]], "the kernel knows of 0"),
        ([*OURS[:4]], "not there"),
    ],
)
def test_an_order_or_a_content_that_cannot_be(told, ours, why):
    with pytest.raises(Unequal, match=why):
        told(KERNEL, ours)
