"""qemu-img and qemu-io."""

import json
import os

from tests.clients.programs import call, uri


def test_convert_compare_and_map(make_pair, tmp_path):
    source = tmp_path / "source.raw"
    with source.open("wb") as file:
        for place in range(0, 32, 4):
            file.seek(place << 20)
            file.write(os.urandom(300 << 10))
        file.truncate(32 << 20)
    pair = make_pair().start()
    call("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source, uri(pair.left))
    call("qemu-img", "compare", "-f", "raw", "-F", "raw", source, uri(pair.left))
    extents = json.loads(call("qemu-img", "map", "--output=json", "-f", "raw", uri(pair.left)))
    assert sum(extent["length"] for extent in extents) == 32 << 20
    assert json.loads(call("qemu-img", "info", "--output=json", uri(pair.left)))["virtual-size"] == 32 << 20
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    call("qemu-img", "compare", "-f", "raw", "-F", "raw", source, pair.right.image)


def test_convert_from_the_board_to_qcow2(make_board, tmp_path):
    board = make_board().start()
    client = board.client()
    client.write(5 << 20, os.urandom(2 << 20))
    client.flush()
    client.close()
    copy = tmp_path / "copy.qcow2"
    call("qemu-img", "convert", "-f", "raw", "-O", "qcow2", uri(board), copy)
    call("qemu-img", "compare", "-f", "raw", "-F", "qcow2", uri(board), copy)


def test_qemu_io_writes_zeroes_discards_and_verifies(make_board):
    board = make_board().start()
    call("qemu-io", "-f", "raw", uri(board),
         "-c", "write -P 0x5a 0 8M", "-c", "write -z 1M 1M", "-c", "write -z -u 3M 64k", "-c", "discard 6M 1M",
         "-c", "flush", "-c", "write -f -P 0x77 4M 4k",
         "-c", "read -P 0x5a 0 1M", "-c", "read -P 0 1M 1M", "-c", "read -P 0x5a 2M 1M", "-c", "read -P 0 3M 64k",
         "-c", "read -P 0x77 4M 4k", "-c", "read -P 0x5a 7M 1M")  # fmt: skip
