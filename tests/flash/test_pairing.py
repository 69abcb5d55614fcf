"""The board's half of its pair: which file, which role, what is refused, what the other card inherits."""

import os
import stat

import pytest

from firmware.errors import Refused
from tools.errors import BoardError
from tools.flash import options, pairing


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.delenv("SUDO_GID", raising=False)
    return tmp_path / "home"


def find(*words):
    return pairing.find(options.parse([*words, "--from", "x.img", "/dev/sdx"]))


def made(*words):
    half = find(*words)
    half.make()
    return half


def refusal(*words) -> str:
    with pytest.raises((Refused, BoardError)) as caught:
        find(*words)
    return str(caught.value)


def test_the_first_card_makes_the_file_and_the_second_one_finds_it(home):
    left = made("--name", "left", "--role", "primary")
    path = home / ".config/sosie/left-right.pair"
    assert left.path == str(path) and left.other == "right"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    right = find("--name", "right")
    assert (right.role, right.other, right.pair.path) == ("twin", "left", str(path))
    assert find("--name", "right", "--role", "twin", "--other", "left").role == "twin"


def test_the_twin_may_be_first(home):
    right = made("--name", "right", "--role", "twin")
    assert right.path == str(home / ".config/sosie/left-right.pair")
    assert find("--name", "left").role == "primary"


def test_finding_makes_nothing(home):
    find("--name", "left", "--role", "primary")
    assert not home.exists()


def test_other_names_and_places(tmp_path):
    path = str(tmp_path / "keys/shop.pair")
    made("--name", "paris", "--role", "primary", "--other", "lyon", "--pair", path)
    assert find("--name", "lyon", "--pair", path).role == "twin"
    assert stat.S_IMODE(os.stat(tmp_path / "keys").st_mode) == 0o700


def test_the_files_for_the_card(tmp_path, home):
    left, right = made("--name", "left", "--role", "primary"), made("--name", "right")
    held = {}
    for half in (left, right):
        folder = tmp_path / half.name
        folder.mkdir(mode=0o700)
        held[half.name] = {path.name: path.read_bytes() for path in half.files(str(folder))}
        assert {"own.key", "own.crt", "peer.crt", "password", "update.crt"} == set(held[half.name])
    assert held["left"]["peer.crt"] == held["right"]["own.crt"]
    assert held["right"]["peer.crt"] == held["left"]["own.crt"]
    assert held["left"]["update.crt"] == held["right"]["update.crt"]
    assert held["left"]["own.key"] != held["right"]["own.key"]


@pytest.mark.parametrize("words, says", [
    (("--name", "left"), "for the first card of a pair --role primary or --role twin"),
    (("--name", "left", "--pair", "PATH"), "there is no pairing file PATH yet; for the first card say --role"),
    (("--name", "paris", "--role", "twin"), "say what the other board is called: --other NAME"),
    (("--name", "left", "--no-pair"), "say which of the two it is"),
])
def test_refused_without_a_file(tmp_path, words, says):
    path = str(tmp_path / "x.pair")
    assert says.replace("PATH", path) in refusal(*[path if word == "PATH" else word for word in words])
    assert not os.path.exists(path)


@pytest.mark.parametrize("words, says", [
    (("--name", "left", "--role", "twin"), "says that left is the primary; leave --role out"),
    (("--name", "left", "--other", "lyon"), "says that the other board is called right; leave --other out"),
    (("--name", "paris", "--role", "primary"), "has the keys of left and right, and of no board paris"),
])
def test_refused_by_the_file(tmp_path, words, says):
    path = str(tmp_path / "x.pair")
    made("--name", "left", "--role", "primary", "--pair", path)
    assert says in refusal(*words, "--pair", path)


def test_a_file_that_is_none(tmp_path):
    path = tmp_path / "x.pair"
    path.write_text("{}")
    assert "is not a pairing file" in refusal("--name", "left", "--role", "primary", "--pair", str(path))
    assert path.read_text() == "{}"


def test_two_files_know_the_board(home):
    made("--name", "left", "--role", "primary")
    made("--name", "left", "--role", "primary", "--pair", str(home / ".config/sosie/more.pair"))
    assert "are all for a board left; say which one: --pair FILE" in refusal("--name", "left")


def test_a_damaged_file_beside_is_not_in_the_way(home):
    made("--name", "left", "--role", "primary")
    (home / ".config/sosie/broken.pair").write_text("{")
    assert find("--name", "right").role == "twin"


def test_a_second_card_with_the_same_keys_wants_to_be_said():
    half = made("--name", "left", "--role", "primary")
    half.flashed()
    assert "a card for left was made with" in refusal("--name", "left") and "--again" in refusal("--name", "left")
    assert find("--name", "left", "--again").role == "primary"
    assert find("--name", "right").role == "twin"


def test_what_the_other_card_inherits():
    right = made("--name", "right", "--role", "twin")
    right.remember({"disk_size": "64G", "wifi_country": "FR", "wifi": "Office", "wifi_password": "long enough",
                    "address": "192.0.2.11/24", "gateway": "192.0.2.1"})
    right.flashed()
    assert find("--name", "left").inherited() == {
        "disk_size": "64G", "wifi_country": "FR", "peer": "192.0.2.11:7411"}


def test_a_twins_ipv6_address_and_port():
    right = made("--name", "right", "--role", "twin")
    right.remember({"address": "2001:db8::2/64", "listen": "[::]:7412"})
    right.flashed()
    assert find("--name", "left").inherited() == {"peer": "[2001:db8::2]:7412"}


def test_a_primarys_peer_is_for_the_primary():
    left = made("--name", "left", "--role", "primary")
    left.remember({"peer": "192.0.2.11:7411", "address": "198.51.100.1/24"})
    left.flashed()
    assert find("--name", "right").inherited() == {}
    assert find("--name", "left", "--again").inherited() == {"peer": "192.0.2.11:7411"}


def test_without_keys(tmp_path):
    half = made("--name", "left", "--role", "twin", "--no-pair")
    assert (half.role, half.other, half.pair, half.inherited()) == ("twin", None, None, {})
    (tmp_path / "card").mkdir()
    assert [path.name for path in half.files(str(tmp_path / "card"))] == ["update.crt"]
    half.remember({"disk_size": "1G"})
    half.flashed()


def test_with_sudo_the_file_is_the_callers(home, monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    import pwd

    user = pwd.getpwnam("daemon")
    monkeypatch.setenv("SUDO_UID", str(user.pw_uid))
    monkeypatch.setenv("SUDO_GID", str(user.pw_gid))
    path = home / "x/y.pair"
    entries = {user.pw_uid: type("Entry", (), {"pw_dir": str(home)})}
    monkeypatch.setattr(pwd, "getpwuid", entries.__getitem__)
    half = made("--name", "left", "--role", "primary", "--pair", str(path))
    (home / "card").mkdir()
    half.files(str(home / "card"))
    half.flashed()
    keys = home / ".config/sosie"
    for each in (path, path.parent, keys, keys / "update.key", keys / "update.crt"):
        assert os.stat(each).st_uid == user.pw_uid, each


def test_two_boards_of_one_name(home):
    with pytest.raises(Refused, match="both boards would be called paris"):
        find("--board", "rpi4", "--name", "paris", "--role", "twin", "--other", "paris")
