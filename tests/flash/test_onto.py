"""--onto: which systems it takes, what it lays where, and the set-up that runs there. tests/image boots one."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from board.setup import onto as setup
from firmware.errors import Refused
from tests.flash import stub
from tools.flash import command, conf, options
from tools.flash.card import Maker
from tools.flash.fat import Fat
from tools.flash.image import Image
from tools.flash.onto import lay
from tools.flash.onto.system import System, boot_folder, mounted, python_version, root_part

CHECKOUT = Path(__file__).resolve().parents[2]
RELEASE = 'PRETTY_NAME="Raspbian"\nID=raspbian\nID_LIKE=debian\n'
FSTAB = "# all\nPARTUUID=x-02 / ext4 defaults 0 1\nPARTUUID=x-01 /boot/firmware vfat defaults 0 2\n"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")


def tree(folder: Path, release=RELEASE, fstab=FSTAB, python="python3.11", machine=183, systemd=True) -> Path:
    """A root that looks like somebody's system."""
    files = {"etc/os-release": release, "etc/fstab": fstab}
    files.update({"usr/lib/systemd/systemd": ""} if systemd else {})
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "usr/bin").mkdir(parents=True)
    if python:
        (folder / "usr/bin" / python).write_bytes(b"\x7fELF".ljust(18, b"\0") + machine.to_bytes(2, "little"))
        (folder / "usr/bin/python3").symlink_to(python)
    return folder


@pytest.mark.parametrize("machine, arch", [(62, "amd64"), (183, "arm64"), (40, "armhf")])
def test_a_system_that_will_do(tmp_path, machine, arch):
    system = System(tree(tmp_path, machine=machine), "x.img")
    assert (system.arch, system.boot) == (arch, "/boot/firmware")


@pytest.mark.parametrize("changes, says", [
    ({"release": "ID=fedora\n"}, "holds no Debian and no Raspberry Pi OS"),
    ({"release": ""}, "holds no Debian"),
    ({"systemd": False}, "has no systemd"),
    ({"python": "python3.9"}, "has no Python 3.11 or newer"),
    ({"python": ""}, "has no Python 3.11"),
    ({"fstab": FSTAB.replace("vfat", "ext4")}, "mounts its FAT partition nowhere"),
    ({"fstab": ""}, "mounts its FAT partition nowhere"),
])
def test_systems_that_are_refused(tmp_path, changes, says):
    with pytest.raises(Refused, match=says):
        System(tree(tmp_path, **changes), "x.img")


def test_versions_and_places(tmp_path):
    assert python_version(tree(tmp_path / "a", python="python3.13")) == (3, 13)
    assert boot_folder(tree(tmp_path / "b", fstab="LABEL=x /boot vfat ro\n")) == "/boot"


def test_what_is_laid(tmp_path, monkeypatch):
    system, lines = System(tree(tmp_path), "x.img"), []
    monkeypatch.setattr(lay, "_inside", lambda system, line, network=False: lines.append((line, network)))
    monkeypatch.setattr(lay, "_is_installed", lambda system, name: name != "python3-spake2")
    lay.lay(system, "1.2.3", lambda sentence: None)
    home = tmp_path / "usr/lib/sosie"
    assert (home / "version").read_text() == "1.2.3\n"
    assert (home / "firmware/__main__.py").exists() and (home / "board/setup/onto.py").exists()
    assert not list(home.rglob("__pycache__")) and not (home / "board/system").exists()
    units = tmp_path / "usr/lib/systemd/system"
    for unit in lay.UNITS:
        assert "@BOOT@" not in (units / unit).read_text() and stat.S_IMODE((units / unit).stat().st_mode) == 0o644
    assert "Environment=SOSIE_BOOT=/boot/firmware" in (units / "sosie-setup.service").read_text()
    assert [network for _, network in lines] == [True, False, False]
    assert "install python3-spake2 && " in lines[0][0] and lines[-1][0].startswith("systemctl enable sosie")
    assert not (units / "tmp.mount.d").exists()  # what makes a system nothing but a board stays away


def test_laid_twice_leaves_nothing_of_the_first(tmp_path, monkeypatch):
    system = System(tree(tmp_path), "x.img")
    monkeypatch.setattr(lay, "_inside", lambda *_, **__: None)
    monkeypatch.setattr(lay, "_is_installed", lambda *_: True)
    lay.lay(system, "1", lambda sentence: None)
    (tmp_path / "usr/lib/sosie/firmware/old.py").write_text("")
    lay.lay(system, "2", lambda sentence: None)
    assert not (tmp_path / "usr/lib/sosie/firmware/old.py").exists()


@needs_root
class TestImages:
    @pytest.fixture
    def path(self, tmp_path):
        made = stub.image(str(tmp_path / "system.img"))
        stub.run("mkfs.ext4", "-q", "-E", "offset=%d" % stub.SLOT_A[0], made, "%dk" % (stub.SLOT_A[1] >> 10))
        return made

    def test_its_root_is_found_and_mounted(self, path):
        with open(path, "rb") as before:
            original = before.read()
        image = Image(path)
        part = root_part(image)
        assert part.number == 2
        image.close()
        with mounted(path, part) as root:
            folder = root
            (root / "here").write_text("x" * 100)
        assert not folder.exists()
        with open(path, "rb") as after:
            changed = after.read()
        assert changed != original and changed[:stub.SLOT_A[0]] == original[:stub.SLOT_A[0]]
        assert changed[sum(stub.SLOT_A):] == original[sum(stub.SLOT_A):]

    def test_an_image_without_a_root(self, tmp_path, capsys):
        path = stub.image(str(tmp_path / "none.img"))
        code = command.main(["--onto", path, "--name", "left", "--role", "primary", "--no-pair", "--image",
                             str(tmp_path / "o.img")])
        assert code == 2 and "has no ext4 partition behind the first one" in capsys.readouterr().err

    def test_a_root_that_is_no_system_is_refused_and_not_changed(self, path, tmp_path, capsys, monkeypatch):
        monkeypatch.setenv("SOSIE_CACHE", str(tmp_path / "cache"))
        before = Path(path).read_bytes()
        code = command.main(["--onto", path, "--name", "left", "--role", "primary", "--pair", str(tmp_path / "p"),
                             "--image", str(tmp_path / "o.img")])
        assert code == 2 and "%s holds no Debian" % path in capsys.readouterr().err
        assert Path(path).read_bytes() == before
        assert not (tmp_path / "o.img").exists() and not (tmp_path / "p").exists()
        assert not list((tmp_path / "cache").rglob("*.img"))


class TestCard:
    def test_what_only_a_boards_own_system_has(self):
        base = ["--onto", "x.img", "--name", "left", "--role", "primary", "/dev/sdx"]
        for more in (["--wifi", "a"], ["--address", "192.0.2.1/24"], ["--time", "x"]):
            with pytest.raises(Refused, match="goes with a board's own system only"):
                options.parse(base + more)
        for more in (["--from", "y.img"], ["--snapshot", "x"]):
            with pytest.raises(Refused, match="--onto takes the image as it is"):
                options.parse(base + more)

    def test_sosie_conf_says_what_has_no_effect(self):
        text = conf.render({"name": "left", "role": "primary"}, conf.ONTO_NOTE)
        assert text.startswith(b"# This board lives on a system that has settings of its own")

    @pytest.mark.parametrize("config, meant", [
        (None, None),
        (b"dtparam=audio=on\n", b"dtparam=audio=on\n\n[all]\n# Sosie: the server is plugged in here.\n"
                                b"dtoverlay=dwc2,dr_mode=peripheral\n"),
        (b"[all]\ndtoverlay=dwc2,dr_mode=peripheral\n", b"[all]\ndtoverlay=dwc2,dr_mode=peripheral\n"),
    ])
    def test_a_raspberry_pi_is_told_of_the_port(self, tmp_path, config, meant):
        path = stub.image(str(tmp_path / "image"))
        boot = str(tmp_path / "boot")
        image = Image(path, keeps_signature=True)
        image.save_boot(boot)
        if config is not None:
            Fat(boot).put("config.txt", config)
        Maker(image, _Target(), None, True)._make_device_port(Fat(boot))
        assert Fat(boot).get("config.txt") == meant
        image.close()

    def test_the_signature_stays_for_the_system_finds_its_root_by_it(self, tmp_path):
        image = Image(stub.image(str(tmp_path / "image")), keeps_signature=True)
        view = memoryview(bytearray(512))
        image.read(0, view)
        assert bytes(view[440:444]) == stub.SIGNATURE
        image.close()


class _Target:
    size = 64 << 20


class Computer(setup.OntoMachine):
    """Its own paths; mounts are noted, and a bound folder is a link."""

    def __init__(self, root: Path):
        super().__init__("/boot/firmware", str(root))
        self.bound = []
        for name in ("dev", "sys", "proc/self", "boot/firmware/pair"):
            (root / name).mkdir(parents=True, exist_ok=True)
        (root / "boot/firmware/sosie.conf").write_bytes(conf.render({"name": "left", "role": "primary"}))

    def owner(self):
        return os.getuid(), os.getgid()

    def give(self, path, uid, gid):
        pass

    def is_mounted(self, path):
        return path in self.bound

    def run(self, *command):
        if command[:2] == ("mount", "--bind"):
            shutil.rmtree(command[3])
            os.symlink(command[2], command[3])
            self.bound.append(command[3])
        elif command[0] == "mount":
            super().run(*command)  # which is to leave it alone


class TestSetup:
    @pytest.fixture
    def computer(self, tmp_path, monkeypatch):
        found = setup.card.Card("/dev/sda", 8 << 30, {1: "/dev/sda1"}, 2)
        monkeypatch.setattr(setup.card, "find", lambda machine: found)
        monkeypatch.setattr(setup, "LEAST_JOURNAL", 1 << 20)
        monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result((4096, 4096, 0, 0, 1024, 0, 0, 0, 0, 255)))
        monkeypatch.setattr(Computer, "lend_gadget", lambda self, uid, gid: None)
        return Computer(tmp_path)

    def run(self, computer) -> list:
        board = setup.OntoSetup(computer)
        board.run()
        return board.troubles

    def test_the_first_start(self, computer, tmp_path):
        assert self.run(computer) == []
        journal = tmp_path / "var/lib/sosie/board/journal"
        assert journal.stat().st_size == 2 << 20 and journal.stat().st_blocks * 512 >= 2 << 20
        assert os.readlink(tmp_path / "run/sosie/journal") == str(tmp_path / "state/board/journal")
        assert (tmp_path / "var/lib/sosie/keys/own.key").exists()
        assert '"troubles": []' in (tmp_path / "run/sosie/card.json").read_text()

    def test_the_second_start_keeps_the_journal(self, computer, tmp_path):
        self.run(computer)
        journal = tmp_path / "var/lib/sosie/board/journal"
        journal.write_bytes(b"mine")
        assert self.run(computer) == []
        assert journal.read_bytes() == b"mine"

    def test_no_room(self, computer, monkeypatch):
        monkeypatch.setattr(setup, "LEAST_JOURNAL", 3 << 20)
        assert self.run(computer) == ["there is no room for a journal on this system (4 MiB are free); take a larger "
                                      "card"]

    def test_start_anew(self, computer, tmp_path):
        self.run(computer)
        journal = tmp_path / "var/lib/sosie/board/journal"
        journal.write_bytes(b"old" * 1000)
        (tmp_path / "boot/firmware/start-anew").write_bytes(b"")
        assert self.run(computer) == []
        assert not any(journal.read_bytes()[:3000])
        assert not (tmp_path / "boot/firmware/start-anew").exists()

    def test_it_never_changes_how_the_systems_partition_is_mounted(self, computer):
        computer.run("mount", "-o", "remount,ro", computer.card)  # would fail: it is no mount at all here

    def test_what_is_bound_counts_as_mounted(self, tmp_path):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/mountinfo").write_text("1 2 8:2 / / rw - ext4 /dev/sda2 rw\n"
                                                      "3 1 8:2 /var/lib/sosie %s/state rw - ext4 x rw\n" % tmp_path)
        machine = setup.OntoMachine("/boot", str(tmp_path))
        assert machine.is_mounted(machine.state) and not machine.is_mounted(machine.card)
