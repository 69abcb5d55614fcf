"""nbdinfo and nbdcopy."""

import json
import os

from tests.clients.programs import call, uri


def test_nbdinfo_sees_the_disk(make_board):
    board = make_board().start()
    told = json.loads(call("nbdinfo", "--json", uri(board)))
    export = told["exports"][0]
    assert export["export-size"] == 32 << 20
    assert told["protocol"] == "newstyle-fixed" and told["structured"] is True
    assert export["can_flush"] and export["can_fua"] and export["can_multi_conn"] and export["can_zero"]
    assert not export["is_read_only"]


def test_nbdinfo_lists_the_exports(make_board):
    board = make_board().start()
    told = json.loads(call("nbdinfo", "--list", "--json", uri(board)))
    names = {export["export-name"] for export in told["exports"]}
    assert names <= {"", "disk"} and names
    call("nbdinfo", uri(board) + "disk")
    call("nbdinfo", uri(board) + "nosuch", fails=True)


def test_nbdinfo_maps_data_and_holes(make_board):
    board = make_board().start()
    client = board.client()
    client.write(1 << 20, os.urandom(1 << 20))
    client.flush()
    client.close()
    extents = json.loads(call("nbdinfo", "--map", "--json", uri(board)))
    assert sum(extent["length"] for extent in extents) == 32 << 20
    assert any(extent["type"] & 1 == 0 and extent["offset"] <= 1 << 20 for extent in extents), "no data where data is"


def test_nbdinfo_is_told_why_a_twin_refuses(make_pair):
    pair = make_pair().start()  # libnbd shows a server's sentence only when it is asked to tell all
    assert "promote" in call("env", "LIBNBD_DEBUG=1", "nbdinfo", uri(pair.right), fails=True)


def test_nbdcopy_there_and_back(make_pair, tmp_path):
    """Sparse random data through several connections, and the twin's image is the same."""
    source, back = tmp_path / "source", tmp_path / "back"
    with source.open("wb") as file:
        file.truncate(32 << 20)
        for place in range(0, 32, 5):
            file.seek(place << 20)
            file.write(os.urandom((1 << 20) + 512 * place))
        file.truncate(32 << 20)
    pair = make_pair().start()
    call("nbdcopy", "--flush", source, uri(pair.left))
    call("nbdcopy", uri(pair.left), back)
    assert back.read_bytes() == source.read_bytes()
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    assert pair.right.image.read_bytes() == source.read_bytes()
    assert pair.left.image.read_bytes() == source.read_bytes()


def test_over_a_unix_socket(make_board, tmp_path):
    path = tmp_path / "n.sock"
    board = make_board(attach="nbd:unix:%s" % path).start()
    told = json.loads(call("nbdinfo", "--json", "nbd+unix:///?socket=%s" % path))
    assert told["exports"][0]["export-size"] == 32 << 20
    board.kill()
    board.start()  # the socket that the killed one left behind is no obstacle
    call("nbdinfo", "nbd+unix:///?socket=%s" % path)
