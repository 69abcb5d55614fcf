"""A flush that waits for the twin: answered in time when there is none, and the board goes on."""

import time

import pytest

from tests.process.boards import wait_until
from tests.process.nbd_client import Failed


def test_a_flush_that_no_twin_confirms_fails_in_time_and_the_board_goes_on(make_pair):
    pair = make_pair(ack="received").start()
    client = pair.left.client()
    client.write(0, bytes(4096))
    client.flush()
    pair.right.kill()
    client.write(4096, b"\1" * 4096)
    began = time.monotonic()
    with pytest.raises(Failed):
        client.flush()
    assert 15 < time.monotonic() - began < 28
    assert client.read(4096, 4096) == b"\1" * 4096
    pair.right.start()
    wait_until("the twin has it", lambda: pair.left.status()["backlog"]["groups"] == 0)
    client.flush()
    client.close()
