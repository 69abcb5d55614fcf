"""What has to be right before the firmware runs: its board.conf, the disk and the journal that belong together."""

import json
import os

import pytest

from board.steward import judge as judging
from board.steward.disks import Waiting
from board.steward.judge import judge
from board.steward.machine import Machine
from board.steward.memory import read_identity
from firmware import config
from firmware.errors import Refused
from firmware.log.superblock import MIN_JOURNAL, Superblock, ring_size
from firmware.pair.identity import Identity

DISK_SIZE = 1 << 20


class FakeBoard:
    """A board whose set-up went well: one disk, an empty journal."""

    def __init__(self, root):
        self.root = root
        self.machine = Machine(str(root))
        for folder in ("card", "dev/disk/by-id", "sys/block", "state/board", "state/keys", "run/sosie/board"):
            (root / folder).mkdir(parents=True)
        (root / "sys/class/tty/console").mkdir(parents=True)
        (root / "sys/class/tty/console/active").write_text("tty0 ttyS0\n")
        (root / "dev/ttyS0").write_text("")
        self.journal = root / "dev/vda6"
        self.journal.write_bytes(bytes(MIN_JOURNAL))
        os.symlink(self.journal, root / "run/sosie/journal")
        self.say("name = left\nrole = primary\npeer = 10.0.0.2:7411\n")
        self.set_up()
        self.plug("sda", "usb-Maker_One_1111-0:0")

    def say(self, text):
        (self.root / "card/sosie.conf").write_text(text)

    def set_up(self, *troubles, alarms=()):
        facts = {"disk": str(self.root / "dev/vda"), "parts": {"7": str(self.root / "dev/vda7")}, "troubles": troubles}
        facts["alarms"] = alarms
        (self.root / "run/sosie/card.json").write_text(json.dumps(facts))

    def plug(self, name, by_id, sectors=DISK_SIZE // 512):
        folder = self.root / "sys/block" / name
        (folder / "device").mkdir(parents=True)
        (folder / "dev").write_text("8:0\n")
        (self.root / "run/udev/data").mkdir(parents=True, exist_ok=True)
        (self.root / "run/udev/data/b8:0").write_text("")
        (folder / "size").write_text("%d\n" % sectors)
        (self.root / "dev" / name).write_bytes(b"data" * 1024)
        (self.root / "dev/disk/by-id" / by_id).symlink_to("../../" + name)

    def pull(self, name, by_id):
        os.rename(self.root / "sys/block" / name, self.root / ("gone-" + name))
        os.unlink(self.root / "dev/disk/by-id" / by_id)

    def use_journal(self, name="left", number=1):
        """As the firmware does at its first start."""
        who = Identity(bytes(16), bytes([number]) * 16, name, "primary", DISK_SIZE, 1)
        block = Superblock(7, ring_size(MIN_JOURNAL), who.pack())
        with open(self.journal, "r+b") as file:
            file.seek(block.slot())
            file.write(block.pack())

    def conf(self):
        return config.parse((self.root / "run/sosie/board/board.conf").read_bytes())

    def remembered(self):
        return json.loads((self.root / "state/board/memory.json").read_text())


@pytest.fixture
def board(tmp_path):
    return FakeBoard(tmp_path)


def refusal(board) -> str:
    with pytest.raises(Refused) as caught:
        judge(board.machine)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_board_conf_with_what_nobody_has_to_write(board):
    its = judge(board.machine).settings
    assert its.texts == board.conf().texts and its.settings == board.machine.changed
    assert its.attach == ("usb", None) and its.web == ("tcp", "::", 443) and its.listen is None
    assert its.keys == str(board.root / "state/keys") and its.console == (str(board.root / "dev/ttyS0"), None)
    assert os.path.realpath(its.disk) == str(board.root / "dev/sda")
    assert os.path.realpath(its.journal) == str(board.journal)


def test_a_twin_waits(board):
    board.say("name = right\nrole = twin\nweb = [::]:8443\nconsole = /dev/ttyS1:9600\n")
    its = judge(board.machine).settings
    assert its.listen == ("tcp", "::", 7411) and its.web[2] == 8443 and its.console == ("/dev/ttyS1", 9600)


def test_a_screen_is_no_serial_line(board):
    (board.root / "sys/class/tty/console/active").write_text("tty0\n")
    assert judge(board.machine).settings.console is None


def test_a_broken_line_names_itself_and_touches_nothing(board):
    board.say("name = left\nrole = primary\npeer = nowhere\n")
    assert refusal(board).startswith("sosie.conf: line 3: peer = nowhere")
    assert not (board.root / "state/board/memory.json").exists()
    assert not (board.root / "run/sosie/board/disk").is_symlink()


def test_what_the_set_up_found_is_told(board):
    board.set_up("the card is too small")
    assert refusal(board) == "the card is too small"
    os.unlink(board.root / "run/sosie/card.json")
    assert "set-up" in refusal(board)


def test_keys_that_were_not_taken_in_are_told_by_the_board_that_runs(board):
    assert judge(board.machine).alarms == []
    board.set_up(alarms=("this board is paired already",))
    assert judge(board.machine).alarms == ["this board is paired already"]


def test_without_the_file(board):
    os.unlink(board.root / "card/sosie.conf")
    assert "cannot be read" in refusal(board)


def test_until_the_journal_is_in_use_another_disk_may_be_tried(board):
    judge(board.machine)
    board.pull("sda", "usb-Maker_One_1111-0:0")
    with pytest.raises(Waiting):
        judge(board.machine)
    board.plug("sdb", "usb-Maker_Other_2222-0:0")
    judge(board.machine)
    assert board.remembered()["disk"]["names"] == ["usb-Maker_Other_2222-0:0"]


def test_from_then_on_the_disk_and_the_journal_belong_together(board):
    memory = judge(board.machine).memory
    assert not memory.keep_journal()
    board.use_journal()
    assert memory.keep_journal() and board.remembered()["board"] == "01" * 16
    judge(board.machine)
    board.pull("sda", "usb-Maker_One_1111-0:0")
    board.plug("sdb", "usb-Maker_Other_2222-0:0")
    assert "belongs to the disk usb-Maker_One_1111-0:0" in refusal(board)
    board.plug("sdc", "usb-Maker_One_1111-0:0")
    assert judge(board.machine).settings.disk and os.readlink(board.machine.disk).endswith("sdc")


def test_a_cut_before_the_journal_was_noted(board):
    judge(board.machine)
    board.use_journal()
    board.pull("sda", "usb-Maker_One_1111-0:0")
    board.plug("sdb", "usb-Maker_Other_2222-0:0")
    assert "belongs to the disk usb-Maker_One_1111-0:0" in refusal(board)


def test_the_journal_of_another_board(board):
    memory = judge(board.machine).memory
    board.use_journal()
    memory.keep_journal()
    board.use_journal("other", 2)
    assert "belongs to the board other" in refusal(board)


def test_a_journal_that_is_gone(board):
    memory = judge(board.machine).memory
    board.use_journal()
    memory.keep_journal()
    board.journal.write_bytes(bytes(MIN_JOURNAL))
    assert "gone from the card" in refusal(board) and "start-anew" in refusal(board)


def test_what_is_no_journal(board):
    board.journal.write_bytes(b"x" * MIN_JOURNAL)
    assert "not a Sosie journal" in refusal(board)
    os.unlink(board.root / "run/sosie/journal")
    assert "cannot be read" in refusal(board)


def test_a_memory_that_is_damaged(board):
    for text in ("", "{", "[]", '{"disk": 5}', '{"disk": {"names": [], "size": 1}}'):
        (board.root / "state/board/memory.json").write_text(text)
        assert "damaged" in refusal(board)


def test_the_disk_may_be_a_part_of_the_card(board):
    board.say("name = left\nrole = primary\npeer = 10.0.0.2:7411\ndisk = card\n")
    board.pull("sda", "usb-Maker_One_1111-0:0")
    judge(board.machine)
    assert os.readlink(board.machine.disk) == str(board.root / "dev/vda7")
    board.use_journal()
    judge(board.machine)
    board.say("name = left\nrole = primary\npeer = 10.0.0.2:7411\n")
    board.plug("sdb", "usb-Maker_Other_2222-0:0")
    assert "belongs to the disk" in refusal(board)


def test_only_a_twins_disk_is_emptied(board):
    wish = board.root / "state/board/empty-disk"
    wish.write_bytes(b"")
    assert "is the primary" in refusal(board)
    assert (board.root / "dev/sda").read_bytes()[:4] == b"data" and wish.exists()
    board.say("name = right\nrole = twin\n")
    judge(board.machine)
    assert not any((board.root / "dev/sda").read_bytes()) and not wish.exists()


def test_the_memory_cannot_be_written(board, monkeypatch):
    def fails(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("board.steward.memory.write_whole", fails)
    assert "Read-only file system" in refusal(board)


def test_the_firmware_reads_the_same_identity(board):
    assert read_identity(str(board.journal)) is None
    board.use_journal("left", 9)
    assert read_identity(str(board.journal)).board_id == bytes([9]) * 16


def test_defaults_say_nothing_twice(board):
    lines = judging.defaults(board.machine, {"role": "twin", "listen": "", "attach": "", "web": "", "console": ""})
    keys = [key for key, _ in lines]
    assert keys[:4] == ["disk", "journal", "keys", "settings"] and len(set(keys)) == len(keys)
    assert not {"listen", "attach", "web", "console"} & set(keys)
