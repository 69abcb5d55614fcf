"""The small files of a board that are none: it starts and serves all the same, and says of each what to do."""

import json
import os

import pytest

from tests.process.boards import wait_until

KEYS = ("settings", "alerts", "quota_file", "chronicle")


def dangle(path):
    path.symlink_to(path.with_name("elsewhere"))


def below_a_file(path):
    path.parent.rmdir()
    path.parent.touch()


@pytest.mark.parametrize("lay", [os.mkfifo, os.mkdir, dangle, lambda path: path.parent.rmdir(), below_a_file])
def test_a_board_starts_without_them(make_board, tmp_path, lay):
    paths = {key: tmp_path / key / "file" for key in KEYS}
    for path in paths.values():
        path.parent.mkdir()
        lay(path)
    lines = {key: path for key, path in paths.items() if key != "chronicle" or lay is not dangle}
    board = make_board(quota="5G", alert_webhook="http://127.0.0.1:9/", **lines).start()
    client = board.client()
    client.write(0, b"x" * 4096)
    client.flush()

    def told():
        alarms = board.status()["alarms"]
        return all(any(str(path) in each for each in alarms) for path in lines.values()) and alarms

    alarms = wait_until("each is an alarm", told)
    assert not [each for each in alarms if "[Errno" in each or ".new" in each]
    code, body = board.request("POST", "/api/settings", {"rate": "1M"})
    told = json.loads(body)["error"]
    assert code == 507 and str(paths["settings"]) in told and "[Errno" not in told
    assert told.endswith("; nothing was changed")
