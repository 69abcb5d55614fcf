"""A booted board with planted bugs: what tests/image looks with must find them.

On request, `python -m pytest tests/image_planted`: it takes some minutes, and changes only when those tests do.
"""

import ssl

import pytest

from tests.image.conftest import image  # noqa: F401
from tests.image.lib import stranger
from tests.image.lib.host import Writes
from tests.image.lib.pair import DISK_BYTES, Pair
from tests.image_planted.planting import plant

pytestmark = pytest.mark.timeout(2700)
SEED = 5
# What is told to be durable lies in the kernel's memory; anybody with an older TLS reaches the page.
BUGS = {
    "firmware/ports/cpython/system.py": [
        ("fdatasync = os.fdatasync", "fdatasync = id"),  # takes one argument, does nothing
        ("os.O_RDWR | os.O_CLOEXEC | os.O_DIRECT", "os.O_RDWR | os.O_CLOEXEC"),
    ],
    "firmware/ports/cpython/tls.py": [("minimum_version = ssl.TLSVersion.TLSv1_3", "minimum_version = 771")],
}


@pytest.fixture(scope="module")
def board(image, tmp_path_factory):  # noqa: F811
    folder = tmp_path_factory.mktemp("planted")
    made = Pair(plant(image, folder, BUGS), folder)
    yield made.left
    made.end()


def test_a_flush_that_is_not_synced_and_an_old_tls(board):
    writes = Writes(DISK_BYTES)
    board.switch_on().wait_for("its disk is served", lambda status: status["serving"])
    question = b"GET /api/status HTTP/1.1\r\nHost: board\r\n\r\n"
    assert stranger.is_answered(board.web, ssl.TLSVersion.TLSv1_2, says=question)
    writes.begin(board, SEED)
    writes.wait_for_flushes(board, 30)
    board.cut()
    writes.end(board)
    board.switch_on()
    with pytest.raises(AssertionError, match="was flushed, the disk holds|no prefix"):
        board.wait_for("its disk is served", lambda status: status["serving"])
        writes.check_alone(board)
