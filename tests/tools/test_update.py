"""`sosie update`: the key, a bundle by the real RAUC, and following a board that answers as boards do."""

import argparse
import json
import os
import shutil
import struct
import subprocess

import pytest

from board.update.bundle import Bundle, judge
from tools import cli, update, updatebundle, updatekey
from tools.errors import BoardError, Unreachable

MIB = 1 << 20
START, SYSTEM_BYTES = 4 * MIB, 8 * MIB


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> str:
    folder = str(tmp_path_factory.mktemp("keys") / "config")
    updatekey.make(folder)
    return folder


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """As small as an image can be that has a system in its second partition."""
    folder = tmp_path_factory.mktemp("image")
    (folder / "root/usr/lib/sosie").mkdir(parents=True)
    (folder / "root/usr/lib/sosie/version").write_text("0.2.0\n")
    (folder / "root/usr/lib/sosie/model").write_text("qemu\n")
    (folder / "root/content").write_bytes(os.urandom(100_000))
    path = folder / "card.img"
    with open(path, "wb") as file:
        file.seek(446 + 16)
        file.write(struct.pack("<B3xB3xII", 0, 0x83, START // 512, SYSTEM_BYTES // 512))
        file.seek(510)
        file.write(b"\x55\xaa")
        file.truncate(START + SYSTEM_BYTES)
    system = folder / "system.ext4"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", folder / "root", system, "8M"],
                   check=True, env=os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})  # fmt: skip
    with open(path, "r+b") as file:
        file.seek(START)
        file.write(system.read_bytes())
    return path


def described(bundle, certificate) -> dict:
    argv = ["rauc", "--keyring=" + certificate, "info", "--output-format=json", str(bundle)]
    run = subprocess.run(argv, capture_output=True, text=True)
    if run.returncode != 0:
        raise ValueError(run.stderr)
    return json.loads(run.stdout)


def test_the_key_is_made_once_and_is_nobody_elses(keys):
    key, certificate = updatekey.paths(keys)
    before = updatekey.certificate(keys)
    assert updatekey.make(keys) == certificate and updatekey.certificate(keys) == before
    assert os.stat(key).st_mode & 0o777 == 0o600 and b"CERTIFICATE" in before


def test_a_key_that_is_there_already_is_told(tmp_path, capsys):
    words = ["update", "key", "--key", str(tmp_path / "keys")]
    assert cli.main(words) == 0 and "goes onto every card that is flashed from now on" in capsys.readouterr().out
    assert cli.main(words) == 0
    said = capsys.readouterr().out
    assert "is there already" in said and all(path in said for path in updatekey.paths(str(tmp_path / "keys")))


def test_a_lost_certificate_is_made_anew_from_the_key(tmp_path):
    folder = str(tmp_path)
    updatekey.make(folder)
    key = open(updatekey.paths(folder)[0], "rb").read()
    os.unlink(updatekey.paths(folder)[1])
    updatekey.make(folder)
    assert open(updatekey.paths(folder)[0], "rb").read() == key and updatekey.certificate(folder)


def test_no_key_yet(tmp_path, image):
    assert updatekey.certificate(str(tmp_path)) is None
    with pytest.raises(BoardError, match="sosie update key"):
        updatebundle.make(str(image), str(tmp_path / "x.raucb"), str(tmp_path))


def test_a_bundle_is_what_a_board_takes(tmp_path, image, keys):
    out = tmp_path / "sosie.raucb"
    assert updatebundle.make(str(image), str(out), keys) == ("0.2.0", "qemu")
    assert os.listdir(tmp_path) == ["sosie.raucb"]
    bundle = Bundle(described(out, updatekey.paths(keys)[1]))
    judge(bundle, "0.1.0", "qemu", 512 * MIB)
    assert bundle.version == "0.2.0" and bundle.size < SYSTEM_BYTES


def test_a_bundle_of_another_key_is_not_trusted(tmp_path, image, keys):
    others = str(tmp_path / "others")
    updatekey.make(others)
    out = tmp_path / "sosie.raucb"
    updatebundle.make(str(image), str(out), others)
    with pytest.raises(ValueError, match="signature verification failed"):
        described(out, updatekey.paths(keys)[1])


@pytest.mark.parametrize("spoil,words", [
    (lambda path: os.truncate(path, START + MIB), "ends in the middle"),
    (lambda path: os.truncate(path, 0), "no image of a card"),
    (lambda path: path.write_bytes(bytes(MIB)), "no image of a card"),
    (lambda path: path.unlink(), "cannot be read"),
])  # fmt: skip
def test_what_is_no_image_is_refused(tmp_path, image, keys, spoil, words):
    path = tmp_path / "card.img"
    shutil.copy(image, path)
    spoil(path)
    with pytest.raises(BoardError, match=words):
        updatebundle.make(str(path), str(tmp_path / "x.raucb"), keys)
    assert [name for name in os.listdir(tmp_path) if name != "card.img"] == []


def test_a_system_of_something_else_is_refused(tmp_path, image, keys):
    path = tmp_path / "card.img"
    data = bytearray(image.read_bytes())
    data[START:] = bytes(SYSTEM_BYTES)
    path.write_bytes(data)
    with pytest.raises(BoardError, match="does not say its version"):
        updatebundle.make(str(path), str(tmp_path / "x.raucb"), keys)


class FakeClient:
    """Answers each question with the next report of its story; an exception is raised, the last one stays."""

    def __init__(self, *story):
        self.story = list(story)
        self.sent = self.restarts = 0

    def status(self):
        return {"name": "left"}

    def send_update(self, file, size, progress):
        self.sent = len(file.read())
        progress(size)

    def update_state(self):
        report = self.story.pop(0) if len(self.story) > 1 else self.story[0]
        if isinstance(report, Exception):
            raise report
        return {"state": report, "sentence": "%s it is" % report, "version": "1", "slot": "A"}

    def restart_into_update(self):
        self.restarts += 1
        if isinstance(self.story[0], Exception):
            raise self.story[0]


GONE = Unreachable("the board does not answer")


def send(monkeypatch, tmp_path, client, restart):
    monkeypatch.setattr(update, "_client", lambda options: client)
    path = tmp_path / "x.raucb"
    path.write_bytes(bytes(100))
    seconds = iter(range(10_000))
    options = argparse.Namespace(file=str(path), address="left", pair=None, restart=restart)
    return update.send(options, clock=lambda: next(seconds), pause=lambda s: None)


STORIES = {
    "kept": (("checking", "installing", "ready to restart", "ready to restart", GONE, GONE, "idle", "trial",
              "confirmed"), True, 0, 1),
    "rolled back": (("ready to restart", GONE, "trial", GONE, "idle", "rolled back"), True, 1, 1),
    "refused": (("checking", "refused"), True, 1, 0),
    "nobody says that it may restart": (("checking", "ready to restart"), False, 0, 0),
    "a twin restarts by itself": (("installing", GONE, "idle", "trial", "confirmed"), False, 0, 0),
    "a twin is faster": (("ready to restart", GONE, GONE, "trial", "confirmed"), True, 0, 1),
}  # fmt: skip


@pytest.mark.parametrize("case", STORIES)
def test_a_board_is_followed_to_the_end(monkeypatch, tmp_path, capsys, case):
    story, restart, code, restarts = STORIES[case]
    client = FakeClient(*story)
    assert send(monkeypatch, tmp_path, client, restart) == code
    assert (client.sent, client.restarts) == (100, restarts)
    assert "100 % of" in capsys.readouterr().out


def test_a_board_that_stays_away_is_given_up(monkeypatch, tmp_path):
    with pytest.raises(BoardError, match="look at its console"):
        send(monkeypatch, tmp_path, FakeClient("ready to restart", GONE), True)


def test_status_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(update, "_client", lambda options: FakeClient("rolled back"))
    assert cli.main(["update", "status", "left"]) == 1
    assert capsys.readouterr().out == "rolled back: rolled back it is\n"


def test_a_file_that_is_not_there(monkeypatch, capsys):
    monkeypatch.setattr(update, "_client", lambda options: FakeClient("idle"))
    assert cli.main(["update", "send", "/nowhere.raucb", "left"]) == 3
    assert "cannot be read" in capsys.readouterr().err
