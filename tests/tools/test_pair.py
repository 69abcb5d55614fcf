"""The pairing file and `sosie pair`: what is made, what is refused, and that nothing secret is readable or shown."""

import json
import os
import stat

import pytest

from firmware import config
from firmware.errors import Refused
from firmware.ports.cpython import keyfolder, keys
from tools import cli, pairfile
from tools.errors import BoardError


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def file(tmp_path):
    return pairfile.make(str(tmp_path / "pair"), "left", "right", {"peer": "192.0.2.2:7411"})


def sosie(capsys, *words) -> "tuple[int, str, str]":
    code = cli.main(["pair", *map(str, words)])
    return code, *capsys.readouterr()


def test_new_show_install(home, capsys):
    code, out, _ = sosie(capsys, "new", "left", "right", "--peer", "192.0.2.2:7411", "--disk-size", "1G")
    path = home / ".config" / "sosie" / "left-right.pair"
    assert code == 0 and str(path) in out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    file = pairfile.load(str(path))
    assert file.password in out and file.settings == {"peer": "192.0.2.2:7411", "disk_size": "1G"}
    assert [(name, board["role"], board["flashed"]) for name, board in file.boards.items()] == [
        ("left", "primary", False), ("right", "twin", False)]  # fmt: skip
    code, out, _ = sosie(capsys, "show", "left-right")
    assert code == 0 and file.password not in out and "PRIVATE" not in out and "192.0.2.2:7411" in out
    assert keys.fingerprint(keys.only_der(file.boards["right"]["certificate"].encode())) in out
    assert file.password in sosie(capsys, "show", path, "--password")[1]
    for name, other in (("left", "right"), ("right", "left")):
        folder = str(home / name)
        assert sosie(capsys, "install", "left-right", name, folder)[0] == 0
        assert "already" in sosie(capsys, "install", "left-right", name, folder)[1]
        keyfolder.check(folder)
        assert keyfolder.peers(folder) == [keys.only_der(file.boards[other]["certificate"].encode())]
        assert keys.is_password(file.password, (home / name / "password").read_text())
        assert all(stat.S_IMODE((home / name / each).stat().st_mode) == 0o600 for each in os.listdir(folder))


def test_a_paired_folder_is_not_overwritten(home, capsys, file):
    folder = str(home / "keys")
    other = pairfile.make(str(home / "other"), "left", "right")
    assert other.install("left", folder)
    code, _, err = sosie(capsys, "install", file.path, "left", folder)
    assert code == 3 and "paired already; to start over" in err
    assert sosie(capsys, "unpair", folder)[0] == 0
    assert sosie(capsys, "install", file.path, "left", folder)[0] == 0


def test_an_existing_file_is_not_overwritten(home, capsys, file):
    before = open(file.path).read()
    code, _, err = sosie(capsys, "new", "left", "right", "--file", file.path)
    assert code == 3 and "is there already" in err and open(file.path).read() == before


@pytest.mark.parametrize("names", [("left", "left"), ("", "right"), (" ", "right"), ("a/b", "right"), ("a#", "right"),
                                   ("x" * 64, "right"), ("a\nb", "right")])
def test_names(home, capsys, names):
    code, _, err = sosie(capsys, "new", *names, "--file", home / "file")
    assert code == 3 and len(err.splitlines()) == 1 and not (home / "file").exists()


def test_names_are_what_board_conf_takes(home, capsys):
    _, _, err = sosie(capsys, "new", "x" * 64, "right")
    with pytest.raises(Refused) as refusal:
        config.parse(b"name = %s" % (b"x" * 64))
    assert str(refusal.value).rpartition(": ")[2] in err
    assert sosie(capsys, "new", " left", "right")[0] == 3  # board.conf would cut it


def test_longest_name(tmp_path):
    file = pairfile.make(str(tmp_path / "pair"), "ä" * 31, "right")
    assert file.install("ä" * 31, str(tmp_path / "keys"))


def _without(*path):
    def change(content):
        for name in path[:-1]:
            content = content[name]
        del content[path[-1]]

    return change


def _with(value, *path):
    def change(content):
        for name in path[:-1]:
            content = content[name]
        content[path[-1]] = value

    return change


@pytest.mark.parametrize("change", [
    _without("format"), _with("sosie pair 2", "format"), _with(7, "format"), _without("boards"), _with([], "boards"),
    _without("boards", "left"), _with({}, "boards", "left"), _with("twin", "boards", "left", "role"),
    _without("boards", "left", "certificate"), _with("nonsense", "boards", "left", "certificate"),
    _with("nonsense", "boards", "left", "key"), _with(7, "boards", "left", "key"), _with(7, "boards", "left", "next"),
    _without("password"), _with("", "password"), _with(7, "made"), _with("7411", "listen_port"), _with([], "settings"),
])  # fmt: skip
def test_damaged_files(tmp_path, file, change):
    content = json.loads(open(file.path).read())
    change(content)
    with open(file.path, "w") as damaged:
        json.dump(content, damaged)
    with pytest.raises(BoardError) as refusal:
        pairfile.load(file.path)
    assert file.path in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b"null", b" " * (257 << 10)])
def test_what_is_no_pairing_file(tmp_path, capsys, data):
    path = tmp_path / "file"
    path.write_bytes(data)
    for words in (("show", path), ("install", path, "left", tmp_path / "keys")):
        code, _, err = sosie(capsys, *words)
        assert code == 3 and "not a pairing file" in err
    assert not (tmp_path / "keys").exists()


def test_no_such_file_or_board(tmp_path, capsys, file):
    assert "cannot be read" in sosie(capsys, "show", tmp_path / "nothing")[2]
    code, _, err = sosie(capsys, "install", file.path, "middle", tmp_path / "keys")
    assert code == 3 and "of no board middle" in err and not (tmp_path / "keys").exists()


def test_keys_of_two_files_do_not_mix(tmp_path, file):
    other = pairfile.make(str(tmp_path / "other"), "left", "right")
    file.boards["left"]["key"] = other.boards["left"]["key"]
    file.save()
    with pytest.raises(BoardError, match="the key of left is not that of its certificate"):
        pairfile.load(file.path)


def test_a_renewal_in_the_file(file):
    """The file knows what a board shows at every moment of a renewal, also of one that was stopped."""
    first, second, third = (certificate(file), new(), new())
    assert first in file.certificates()
    file.expect(first, second)
    assert {first, second} <= set(pairfile.load(file.path).certificates())
    file.expect(second, third)  # it had come so far that the board shows the second
    assert first not in file.certificates() and {second, third} <= set(file.certificates())
    file.arrived(third)
    again = pairfile.load(file.path)
    assert certificate(again) == third and second not in again.certificates()
    with pytest.raises(BoardError, match="made its last key itself"):
        again.install("left", file.path + ".keys")


def test_after_a_renewal_the_file_has_no_key(file):
    second = new()
    file.expect(certificate(file), second)
    assert pairfile.load(file.path).boards["left"]["key"]  # until the board shows the new one, this may be all there is
    file.arrived(second)
    again = pairfile.load(file.path)
    assert certificate(again) == second and again.boards["left"]["key"] is None and again.boards["right"]["key"]


def test_replacing(file):
    old, fresh = file.replace_keys("left")
    assert old != fresh
    file.save()
    assert certificate(pairfile.load(file.path)) == fresh


def certificate(file):
    return keys.only_der(file.boards["left"]["certificate"].encode())


def new():
    return keys.only_der(keys.new_identity("left")[1])
