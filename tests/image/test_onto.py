"""A Debian that somebody has, with the firmware laid onto it by flash.sh --onto, and its set-up run in it."""

import json
import os
import subprocess

import pytest

from tests.flash import debian, stub
from tests.process.boards import ROOT

pytestmark = pytest.mark.timeout(2700)
SETUP = ("python3", "-m", "board.setup.onto")


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    """(the image that flash.sh made, what it said)"""
    folder = tmp_path_factory.mktemp("onto")
    pair = str(folder / "left-right.pair")
    words = ["--name", "left", "--role", "primary", "--peer", "192.0.2.1:7411", "--pair", pair]
    argv = ["./flash.sh", "--onto", debian.image(folder / "debian.img"), *words, "--image", str(folder / "left.img")]
    done = subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "left.img", done.stdout


@pytest.fixture(scope="module")
def root(laid):
    with debian.mounted(laid[0]) as folder:
        debian.take_boot_files(laid[0], folder / "boot/firmware")
        yield folder


def test_what_was_missing_is_installed(laid, root):
    assert "packages: %s\n" % debian.MISSING in laid[1]
    assert debian.inside(root, "python3", "-c", "import crcmod, isal, zstandard, spake2, cryptography").returncode == 0
    assert not list((root / "var/cache/apt/archives").glob("*.deb"))


def test_its_units_start_with_the_system(root):
    for unit in ("sosie.service", "sosie-setup.service"):
        assert debian.inside(root, "systemctl", "is-enabled", unit).stdout == "enabled\n"
    assert debian.inside(root, "id", "--user", "--name", "sosie").stdout == "sosie\n"


def test_it_keeps_its_signature(laid):
    assert stub.piece(str(laid[0]), 440, 4) == stub.SIGNATURE


def test_the_set_up_runs_in_it_twice(root):
    journal = root / "var/lib/sosie/board/journal"
    for _ in range(2):
        done = debian.inside(root, "sh", "-c", " ".join(SETUP) + " && cat /run/sosie/card.json && readlink -f "
                             "/run/sosie/journal")  # fmt: skip
        facts, where = done.stdout.splitlines()[0].rpartition("}")[::2] if done.stdout else ("", "")
        assert done.returncode == 0 and json.loads(facts + "}")["troubles"] == [], done.stdout + done.stderr
        assert where == "/state/board/journal"
        assert journal.stat().st_size >= 64 << 20 and os.stat(journal).st_uid != 0
    assert {"own.key", "own.crt", "peer.crt", "password"} == set(os.listdir(root / "var/lib/sosie/keys"))
    assert (root / "var/lib/sosie/updater/update.crt").exists()
    assert "pair" not in os.listdir(root / "boot/firmware")


def test_the_firmware_can_be_imported_as_its_user(root):
    done = debian.inside(root, "setpriv", "--reuid=sosie", "--regid=sosie", "--clear-groups", "python3", "-c",
                         "import firmware.appliance, board.steward.judge, firmware.ports.cpython.tls")  # fmt: skip
    assert done.returncode == 0, done.stderr
