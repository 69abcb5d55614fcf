"""flash.sh as a person calls it: files and loop devices, refusals, the question, Ctrl-C."""

import errno
import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

from board.setup import table
from tests.flash import stub
from tools.flash import command
from tools.flash.target import Card

CHECKOUT = Path(__file__).resolve().parents[2]
LEFT = ("--name", "left", "--role", "primary")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="loop devices need root")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Where keys go that nobody named a place for."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("SUDO_UID", "SUDO_GID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def image(tmp_path):
    return stub.image(str(tmp_path / "built.img"), tail=stub.MIB)


@pytest.fixture
def pair(tmp_path):
    return str(tmp_path / "left-right.pair")


@pytest.fixture
def file(tmp_path):
    return stub.old_card(str(tmp_path / "card"))


@pytest.fixture
def card(file):
    with stub.loop(file) as device:
        yield device


def flash(*words, cwd=CHECKOUT, **more):
    return subprocess.run([str(CHECKOUT / "flash.sh"), *words], cwd=cwd, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, **more)


def refused(*words, **more) -> str:
    done = flash(*words, **more)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("flash.sh: "), done.stderr
    return done.stderr


def untouched(path: str, file: str) -> bool:
    with open(path, "rb") as device:
        return device.read(len(stub.OLD)) == stub.OLD and os.stat(file).st_blocks * 512 < stub.MIB


class TestFiles:
    def test_an_image_file_of_one_board(self, image, pair, tmp_path):
        out = str(tmp_path / "left.img")
        done = flash("--from", image, *LEFT, "--peer", "192.0.2.2:7411", "--pair", pair, "--image", out)
        assert done.returncode == 0, done.stderr
        assert "The card of left (primary) is made" in done.stdout
        assert "--name right --pair %s" % pair in done.stdout
        conf = stub.boot_file(out, "sosie.conf").decode().splitlines()
        assert [line.partition(" #")[0].strip() for line in conf if line and line[0] != "#" and line[0] != " "] == [
            "name = left", "role = primary", "peer = 192.0.2.2:7411"]
        assert b"BEGIN CERTIFICATE" in stub.boot_file(out, "pair/peer.crt")
        assert stub.boot_file(out, "pair/update.crt") == (tmp_path / "home/.config/sosie/update.crt").read_bytes()
        assert b"start-anew.txt" in stub.boot_file(out, "README.txt")
        assert stub.boot_file(out, "pair/stale.key") is None
        assert stub.boot_file(out, "grub/grub.cfg") == b"# grub\n"
        assert os.stat(out).st_mode & 0o777 == 0o600

    def test_the_built_image_is_left_as_it_was(self, image, pair, tmp_path):
        before = Path(image).read_bytes()
        assert flash("--from", image, *LEFT, "--pair", pair, "--image", str(tmp_path / "o")).returncode == 0
        assert Path(image).read_bytes() == before

    def test_two_cards_with_one_file(self, image, pair, tmp_path):
        one, two = str(tmp_path / "1.img"), str(tmp_path / "2.img")
        assert flash("--from", image, *LEFT, "--pair", pair, "--image", one).returncode == 0
        done = flash("--from", image, "--name", "right", "--pair", pair, "--image", two)
        assert done.returncode == 0 and "TCP port 7411" in done.stdout and "The other card" not in done.stdout
        assert stub.boot_file(one, "pair/peer.crt") == stub.boot_file(two, "pair/own.crt")
        assert "--again" in refused("--from", image, "--name", "right", "--pair", pair, "--image", two + "x")

    def test_the_folder_it_is_called_from_does_not_matter(self, image, tmp_path):
        (tmp_path / "tools").mkdir()
        (tmp_path / "tools/__init__.py").write_text("raise SystemExit('taken for the checkout')")
        link = tmp_path / "flash"
        link.symlink_to(CHECKOUT / "flash.sh")
        done = subprocess.run([str(link), "--from", "built.img", *LEFT, "--pair", "p.pair", "--image", "o.img"],
                              cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "p.pair").exists() and (tmp_path / "o.img").exists()

    def test_no_room_for_the_file(self, image, pair, tmp_path, monkeypatch, capsys):
        def full(self, offset, data):
            with self._explained("written"):
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("tools.flash.target.Target.write", full)
        out = tmp_path / "left.img"
        code = command.main(["--from", image, *LEFT, "--pair", pair, "--image", str(out)])
        assert code == 1 and "there is no room left for %s" % out in capsys.readouterr().err
        assert not out.exists() and not (tmp_path / "left.img.part").exists()

    def test_boot_partition_is_full(self, image, pair, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr("tools.flash.conf.readme", lambda: bytes(9 * stub.MIB))
        code = command.main(["--from", image, *LEFT, "--pair", pair, "--image", str(tmp_path / "o")])
        assert code == 1 and "the boot partition does not take README.txt; is it full?" in capsys.readouterr().err


class TestUsage:
    @pytest.mark.parametrize("words, says", [
        ((), "name the card, for example /dev/sdX, or a file"),
        (("--image", "x", "/dev/sdx"), "one of them"),
        (("/dev/sdx",), "say which board it is for"),
        (("--board", "qemu", "/dev/sdx"), "say what the board is called"),
        (("--board", "qemu", "--name", "left", "--pair", "x", "--no-pair", "/dev/sdx"), "exclude each other"),
        (("--board", "vax", "--name", "left", "/dev/sdx"), "--board vax is not known; choose one of: "),
        (("--from", "/nowhere.img", *LEFT, "--image", "/tmp/x.img", "--no-pair"), "/nowhere.img cannot be read"),
    ])
    def test_one_sentence(self, words, says):
        assert says in refused(*words)

    def test_a_wireless_password_that_nobody_can_be_asked_for(self, image, pair, tmp_path):
        out = tmp_path / "o.img"
        words = ["--from", image, *LEFT, "--pair", pair, "--image", str(out)]
        words += ["--wifi", "Office", "--wifi-country", "FR"]
        says = refused(*words)
        assert "--wifi-password TEXT" in says and not out.exists() and not os.path.exists(pair)
        assert flash(*words, "--wifi-password", "").returncode == 0 and out.exists()

    def test_what_comes_next_is_a_file_as_well(self, image, tmp_path):
        pair, out = str(tmp_path / "left-right.pair"), tmp_path / "first.img"
        done = flash("--from", image, *LEFT, "--pair", pair, "--image", str(out))
        line = "./flash.sh --board KIND --name right --pair %s --image %s/right.img" % (pair, tmp_path)
        assert done.returncode == 0 and line in done.stdout.replace("sudo ", "") and "/dev/sdX" not in done.stdout

    def test_wrong_options_are_argparses(self):
        done = flash("--nam", "left", "/dev/sdx")
        assert done.returncode == 2 and "unrecognized arguments" in done.stderr

    def test_help_names_every_setting(self):
        done = flash("--help")
        assert done.returncode == 0 and "--wifi-password" in done.stdout and "sudo ./flash.sh" in done.stdout

    def test_an_image_file_that_is_there(self, image, pair, tmp_path):
        out = tmp_path / "mine"
        out.write_bytes(b"mine")
        words = ("--from", image, *LEFT, "--pair", pair, "--image", str(out))
        assert "is there already" in refused(*words)
        assert out.read_bytes() == b"mine" and not os.path.exists(pair)
        assert flash(*words, "--force").returncode == 0

    def test_a_file_that_cannot_be_made_is_told_before_anything_is_built(self, pair, monkeypatch, capsys):
        monkeypatch.setattr(command.build, "provide_programs", lambda wanted: pytest.fail("it went on"))
        assert command.main(["--board", "qemu", *LEFT, "--pair", pair, "--image", "/proc/left.img"]) == 2
        assert "cannot be made" in capsys.readouterr().err

    def test_a_line_that_the_board_would_not_take(self, image, pair, tmp_path):
        says = refused("--from", image, *LEFT, "--pair", pair, "--image", str(tmp_path / "o"), "--peer", "nowhere")
        assert "sosie.conf: line" in says and "peer = nowhere" in says
        assert not os.path.exists(pair)

    def test_not_root(self, monkeypatch, capsys, image):
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        assert command.main(["--from", image, *LEFT, "--no-pair", "--yes", "/dev/sdx"]) == 2
        assert command.main(["--board", "qemu", *LEFT, "--no-pair", "--image", "/nowhere/x.img"]) == 2
        says = capsys.readouterr().err
        assert "only root may write a card" in says and "only root may build an image" in says

    def test_no_python(self, tmp_path):
        """A checkout without .venv, where python3 is too old or missing."""
        (tmp_path / "flash.sh").write_bytes((CHECKOUT / "flash.sh").read_bytes())
        (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "python3").chmod(0o755)
        done = subprocess.run(["/bin/bash", str(tmp_path / "flash.sh")], capture_output=True, text=True,
                              env={"PATH": "%s:/usr/bin:/bin" % tmp_path})
        assert done.returncode == 2 and "needs Python 3.11" in done.stderr


@needs_root
class TestCards:
    def words(self, image, pair, card):
        return ("--from", image, *LEFT, "--pair", pair, card)

    def test_a_card(self, image, pair, card, file):
        done = flash(*self.words(image, pair, card), "--yes")
        assert done.returncode == 0, done.stderr
        assert "Writing" in done.stdout and "Reading back: it is what was written" in done.stdout
        assert b"name = left" in stub.boot_file(card, "sosie.conf")
        os.sync()
        with open(file, "rb") as held, open(image, "rb") as built:
            for offset in stub.data(file, 4 * stub.MIB):
                piece, wanted = (os.pread(each.fileno(), 4 * stub.MIB, offset) for each in (held, built))
                assert stub.OLD not in piece, "at %d MiB" % (offset >> 20)
                if offset == 0:
                    piece, wanted = piece[:440] + piece[444:], wanted[:440] + wanted[444:]
                if not stub.BOOT[0] <= offset < stub.BOOT[0] + stub.BOOT[1]:
                    assert piece == wanted.ljust(len(piece), b"\0"), "at %d MiB" % (offset >> 20)

    @pytest.mark.parametrize("disk_on_card", [False, True])
    def test_a_card_that_discards_nothing(self, image, pair, card, file, monkeypatch, disk_on_card):
        """No state and no ring of an earlier life is where the first boot looks for one."""
        monkeypatch.setattr(Card, "discard", lambda self: False)
        end = stub.SLOT_B[0] + stub.SLOT_B[1]
        places = [part.start for part in table.plan(stub.CARD, end, disk_on_card)]
        places += [part.record for part in table.plan(stub.CARD, end, disk_on_card)] + [stub.SLOT_B[0] + 2 * stub.MIB]
        with open(card, "r+b") as held:
            for place in places:
                held.seek(place)
                held.write(stub.OLD)
        assert command.main([*self.words(image, pair, card), "--yes"]) == 0
        with open(card, "rb") as held:
            for place in places:
                held.seek(place)
                assert not any(held.read(len(stub.OLD))), "at %d MiB" % (place >> 20)
        os.sync()
        assert not [place for place in stub.data(file, stub.MIB) if stub.OLD in stub.piece(file, place, stub.MIB)]

    @pytest.mark.parametrize("more", [512, 4096, 777 * 512, 5 * stub.MIB + 512])
    def test_odd_sizes(self, image, pair, tmp_path, more):
        file = stub.old_card(str(tmp_path / "odd"), stub.CARD + more)
        with stub.loop(file) as card:
            done = flash(*self.words(image, pair, card), "--yes")
            assert done.returncode == 0, done.stderr
            with open(card, "rb") as held:
                held.seek(-4 * stub.MIB, os.SEEK_END)
                assert not any(held.read())

    def test_too_small(self, image, pair, tmp_path):
        file = stub.old_card(str(tmp_path / "small"), stub.CARD - 512)
        with stub.loop(file) as card:
            assert "a card needs at least 2G" in refused(*self.words(image, pair, card), "--yes", "--force")
            assert untouched(card, file)

    def test_read_only(self, image, pair, file):
        with stub.loop(file, "--read-only") as card:
            assert "is write-protected" in refused(*self.words(image, pair, card), "--yes", "--force")

    def test_large_blocks(self, image, pair, file):
        with stub.loop(file, "--sector-size", "4096") as card:
            assert "has blocks of 4096 bytes" in refused(*self.words(image, pair, card), "--yes", "--force")

    def test_mounted(self, image, pair, file, card, tmp_path):
        stub.run("mkfs.ext4", "-q", card)
        place = tmp_path / "my place"
        place.mkdir()
        stub.run("mount", card, str(place))
        try:
            says = refused(*self.words(image, pair, card), "--yes", "--force")
        finally:
            stub.run("umount", str(place))
        assert "%s is mounted on %s; is this the card? Then first: umount %s" % (card, place, card) in says
        assert not os.path.exists(pair)
        stub.run("e2fsck", "-fn", card)

    def test_held_by_another_program(self, image, pair, file, card):
        """What the kernel lists nowhere: somebody has it open for himself, as ZFS or another flash.sh does."""
        holder = os.open(card, os.O_RDONLY | os.O_EXCL)
        try:
            assert "is in use by something that the kernel does not name" in refused(
                *self.words(image, pair, card), "--yes", "--force")
        finally:
            os.close(holder)
        assert untouched(card, file)

    def test_a_loop_device_on_it(self, image, pair, file, card):
        with stub.loop(card) as above:
            says = refused(*self.words(image, pair, card), "--yes", "--force")
            assert "is in use by %s" % os.path.basename(above) in says
        assert untouched(card, file)

    def test_the_systems_disk(self, image, pair):
        number = os.stat("/").st_dev
        link = Path("/sys/dev/block/%d:%d" % (os.major(number), os.minor(number)))
        if not link.exists():
            pytest.skip("/ is on no block device here")
        folder = link.resolve()
        disk = "/dev/" + (folder.parent if (folder / "partition").exists() else folder).name
        if os.path.exists(disk):
            assert "the disk that this computer runs from" in refused(*self.words(image, pair, disk), "--yes",
                                                                      "--force")

    def test_a_file_is_no_card(self, image, pair, tmp_path):
        mine = tmp_path / "mine"
        mine.write_bytes(b"mine")
        assert "is a file, not a card" in refused(*self.words(image, pair, str(mine)), "--yes", "--force")
        assert mine.read_bytes() == b"mine"

    def test_an_image_that_is_none(self, tmp_path, pair, file, card):
        (tmp_path / "empty").write_bytes(bytes(1 << 20))
        says = refused("--from", str(tmp_path / "empty"), *LEFT, "--pair", pair, "--yes", card)
        assert "has no table of partitions" in says
        assert untouched(card, file) and not os.path.exists(pair)

    def test_the_rest_of_the_card_is_too_small_for_the_rings(self, tmp_path, pair, file, card):
        large = ((4 * stub.MIB, 8 * stub.MIB), (12 * stub.MIB, 8 * stub.MIB), (20 * stub.MIB, 1600 * stub.MIB))
        image = stub.image(str(tmp_path / "large"), parts=large)
        assert "the card is too small" in refused("--from", image, *LEFT, "--pair", pair, "--yes", card)
        assert untouched(card, file) and not os.path.exists(pair)

    def test_pulled_out_while_it_is_written(self, image, pair, card, monkeypatch, capsys):
        write, count = Card.write, []

        def pulled(self, offset, data):
            count.append(offset)
            if len(count) > 25:
                with self._explained("written"):
                    raise OSError(errno.ENXIO, "No such device or address")
            write(self, offset, data)

        monkeypatch.setattr(Card, "write", pulled)
        assert command.main([*self.words(image, pair, card), "--yes"]) == 1
        assert "was it pulled out?" in capsys.readouterr().err
        with open(card, "rb") as held:
            assert not any(held.read(512))
        monkeypatch.undo()
        # The keys that were made by then are not lost, and not counted as used.
        assert command.main([*self.words(image, pair, card), "--yes"]) == 0

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_stopped_in_the_middle(self, tmp_path, pair, number):
        """Of what was there, everything is gone by then, and it is no half of a board."""
        large = stub.image(str(tmp_path / "large"))
        with open(large, "r+b") as file:
            for _ in range(96):
                file.seek(0, os.SEEK_END)
                file.write(os.urandom(4 * stub.MIB))
            file.truncate(40 << 30)  # a hole, which is read back for half a minute: enough to be caught at
        card_file = stub.old_card(str(tmp_path / "card"), 48 << 30)
        with stub.loop(card_file) as card:
            running = subprocess.Popen([str(CHECKOUT / "flash.sh"), *self.words(large, pair, card), "--yes"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                       env=dict(os.environ, TMPDIR=str(tmp_path)))
            deadline = time.monotonic() + 60
            while os.stat(card_file).st_blocks * 512 < 40 * stub.MIB and time.monotonic() < deadline:
                time.sleep(0.005)
            running.send_signal(number)
            _, says = running.communicate(timeout=60)
            assert running.returncode == 130, says
            assert "interrupted" in says and "Traceback" not in says
            with open(card, "rb") as held:
                assert not any(held.read(512))


@needs_root
class TestQuestion:
    def answer(self, image, pair, card, text: "str | None"):
        """What it prints and exits with when `text` is typed."""
        child, terminal = pty.fork()
        if child == 0:
            os.execv(str(CHECKOUT / "flash.sh"), ["flash.sh", "--from", image, *LEFT, "--pair", pair, card])
        seen = b""
        while b"Type yes: " not in seen:
            seen += os.read(terminal, 4096)
        os.write(terminal, (text + "\n").encode() if text is not None else b"\x04")
        try:
            while piece := os.read(terminal, 4096):
                seen += piece
        except OSError:
            pass
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen.decode()

    def test_yes(self, image, pair, card):
        code, seen = self.answer(image, pair, card, "yes")
        assert code == 0, seen
        assert "%s: no name, 2G, loop" % card in seen and "Everything on it will be gone." in seen
        assert "[######" in seen or "it is what was written" in seen

    @pytest.mark.parametrize("text", ["", "n", "y", "no", None])
    def test_anything_else(self, image, pair, card, file, text):
        code, seen = self.answer(image, pair, card, text)
        assert code == 2 and "nothing was done" in seen
        assert untouched(card, file) and not os.path.exists(pair)

    def test_without_a_terminal_it_wants_yes(self, image, pair, card, file):
        assert "without one, say --yes" in flash("--from", image, *LEFT, "--pair", pair, card).stderr
        assert untouched(card, file)
