"""What the sensors of boards say, on fake trees of /sys as they look there, and what a disk says through smartctl."""

import json
import os

import pytest

from board.health.sensors import Sensors
from board.health.smart import ASLEEP, FILE, Round
from board.health.verdict import NOTHING, verdict
from board.health.watch import EVERY_MS, Health, Reader
from firmware.status.health import UNKNOWN

CARD, DISK = os.makedev(179, 6), os.makedev(8, 0)


class Tree:
    """A root in which files are put."""

    def __init__(self, root):
        self.root = root

    def put(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text + "\n")

    def disk(self, name: str, number: int, partition: str = "", partition_number: int = 0) -> None:
        """A block device, and perhaps a partition of it."""
        folder = self.root / "sys/devices/platform" / name / "block" / name
        (folder / "device").mkdir(parents=True)
        (self.root / "sys/dev/block").mkdir(parents=True, exist_ok=True)
        (self.root / "sys/block").mkdir(parents=True, exist_ok=True)
        (self.root / "sys/block" / name).symlink_to(folder)
        self._number(folder, number)
        if partition:
            (folder / partition).mkdir()
            (folder / partition / "partition").write_text("6\n")
            self._number(folder / partition, partition_number)

    def _number(self, folder, number: int) -> None:
        (self.root / "sys/dev/block" / ("%d:%d" % (os.major(number), os.minor(number)))).symlink_to(folder)

    def sensors(self, number: "int | None" = CARD) -> dict:
        return Sensors("/dev/mmcblk0p6", str(self.root), lambda path: number).read()


@pytest.fixture
def pi4(tmp_path) -> Tree:
    tree = Tree(tmp_path)
    tree.put("sys/class/thermal/thermal_zone0/type", "cpu-thermal")
    tree.put("sys/class/thermal/thermal_zone0/temp", "48312")
    tree.put("sys/class/thermal/cooling_device0/type", "gpio-fan")
    tree.put("sys/class/hwmon/hwmon0/name", "cpu_thermal")
    tree.put("sys/class/hwmon/hwmon0/temp1_input", "48312")
    tree.put("sys/class/hwmon/hwmon1/name", "rpi_volt")
    tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0")
    tree.disk("mmcblk0", os.makedev(179, 0), "mmcblk0p6", CARD)
    tree.put("sys/block/mmcblk0/device/type", "SD")
    return tree


def test_a_pi_4_with_an_sd_card_that_tells_nothing_of_its_life(pi4):
    assert pi4.sensors() == {"temperature_c": 48.3, "under_voltage": False, "card_percent": None}


def test_a_zero_2_w_on_a_poor_cable(tmp_path):
    tree = Tree(tmp_path)
    tree.put("sys/class/thermal/thermal_zone0/type", "cpu-thermal")
    tree.put("sys/class/thermal/thermal_zone0/temp", "81000")
    tree.put("sys/class/hwmon/hwmon0/name", "rpi_volt")
    tree.put("sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1")
    assert tree.sensors(None) == {"temperature_c": 81.0, "under_voltage": True, "card_percent": None}


def test_a_virtual_machine_has_nothing(tmp_path):
    tree = Tree(tmp_path)
    (tmp_path / "sys/class/thermal").mkdir(parents=True)
    tree.disk("vda", os.makedev(254, 0))
    assert tree.sensors(os.makedev(254, 0)) == {"temperature_c": None, "under_voltage": None, "card_percent": None}
    assert Sensors("/nowhere", str(tmp_path / "no root")).read()["temperature_c"] is None


def test_a_machine_without_thermal_zones(tmp_path):
    tree = Tree(tmp_path)
    for number, (name, degrees) in enumerate((("nvme", "70000"), ("coretemp", "55000"), ("drivetemp", "60000"))):
        tree.put("sys/class/hwmon/hwmon%d/name" % number, name)
        tree.put("sys/class/hwmon/hwmon%d/temp1_input" % number, degrees)
    assert tree.sensors(None)["temperature_c"] == 55.0


@pytest.mark.parametrize("nonsense", ["", "hot", "-273150", "999999", "9" * 300])
def test_a_sensor_that_says_nonsense_says_nothing(pi4, nonsense):
    pi4.put("sys/class/thermal/thermal_zone0/temp", nonsense)
    pi4.put("sys/class/hwmon/hwmon0/temp1_input", nonsense)
    pi4.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "?")
    assert pi4.sensors() == {"temperature_c": None, "under_voltage": None, "card_percent": None}


@pytest.mark.parametrize(("life", "reserve", "percent"), [
    ("0x01 0x02", "0x01", 20), ("0x0b 0x01", "0x01", 110), ("0x00 0x00", "0x00", None), ("0x01 0x01", "0x03", 90),
    ("0x00 0x00", "0x02", 80), ("0xff 0x01", "x", 10), ("rubbish", "", None),
])  # fmt: skip
def test_an_emmc_tells_how_worn_it_is(pi4, life, reserve, percent):
    pi4.put("sys/block/mmcblk0/device/life_time", life)
    pi4.put("sys/block/mmcblk0/device/pre_eol_info", reserve)
    assert pi4.sensors()["card_percent"] == percent


def test_a_journal_on_a_disk_is_on_no_card(pi4):
    pi4.disk("sda", DISK)
    pi4.put("sys/block/sda/device/life_time", "0x01 0x02")
    assert pi4.sensors(DISK)["card_percent"] is None


# What smartctl answers

PASSED = {"smart_status": {"passed": True}}


def attributes(*rows) -> dict:
    table = [{"id": number, "name": name, "when_failed": failed, "raw": {"value": raw}}
             for number, name, failed, raw in rows]  # fmt: skip
    return dict(PASSED, ata_smart_attributes={"table": table})


def nvme(**log) -> dict:
    return dict(PASSED, nvme_smart_health_information_log=dict({"critical_warning": 0, "media_errors": 0}, **log))


@pytest.mark.parametrize(("answer", "expected"), [
    (PASSED, (True, None)),
    ({"smart_status": {"passed": False}}, (False, "its own test says that it is failing")),
    (attributes((5, "Reallocated_Sector_Ct", "", 0), (197, "Current_Pending_Sector", "", 0)), (True, None)),
    (attributes((5, "Reallocated_Sector_Ct", "", 3)), (True, "it has replaced 3 bad sectors")),
    (attributes((5, "Reallocated_Sector_Ct", "", 50)), (False, "it has replaced 50 bad sectors")),
    (attributes((197, "Current_Pending_Sector", "", 8)), (False, "8 of its sectors cannot be read")),
    (attributes((198, "Offline_Uncorrectable", "", 2), (197, "x", "", 0)), (False, "2 of its sectors cannot be read")),
    (attributes((3, "Spin_Up_Time", "now", 9)), (False, "its value Spin_Up_Time is beyond what its maker allows")),
    (attributes((5, "x", "past", 7 << 32)), (True, None)),  # some makers put other figures into the upper half
    (nvme(percentage_used=4), (True, None)),
    (nvme(percentage_used=85), (True, "85 % of its life are used up")),
    (nvme(percentage_used=101), (False, "101 % of its life are used up")),
    (nvme(critical_warning=4), (False, "its reliability is degraded")),
    (nvme(critical_warning=1), (False, "its spare blocks run out")),
    (nvme(media_errors=2, percentage_used=1), (False, "2 times it could not read what was written")),
    (dict(PASSED, scsi_grown_defect_list=60), (False, "it has replaced 60 bad sectors")),
    ({}, NOTHING), (None, NOTHING), ([], NOTHING), ({"smart_status": 3}, NOTHING),
    (attributes((5, "x", "", "many")), NOTHING), (dict(PASSED, ata_smart_attributes={"table": [1]}), NOTHING),
])  # fmt: skip
def test_what_an_answer_means(answer, expected):
    assert verdict(answer) == expected


class Smartctl:
    """Answers by disk and way: {("sda", "sat"): (exit code, JSON or bytes)}."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []

    def __call__(self, argv):
        assert argv[0].endswith("smartctl") and "--nocheck=standby,%d" % ASLEEP in argv
        key = argv[-1].removeprefix("/dev/"), argv[argv.index("-d") + 1] if "-d" in argv else ""
        self.asked.append(key)
        code, answer = self.answers.get(key, (1, {"smartctl": {"messages": [{"string": "Unknown USB bridge"}]}}))
        return code, answer if isinstance(answer, bytes) else json.dumps(answer).encode()


@pytest.fixture
def usb(tmp_path) -> Tree:
    tree = Tree(tmp_path)
    (tmp_path / "run/sosie").mkdir(parents=True)
    for name in ("mmcblk0", "loop0", "sda"):
        tree.disk(name, os.makedev(8, len(name)) if name != "sda" else DISK)
    tree.put("sys/block/sda/diskseq", "7")
    return tree


def go(tree, **answers) -> "tuple[dict, list]":
    smartctl = Smartctl({tuple((name + ":").split(":")[:2]): answer for name, answer in answers.items()})
    Round(smartctl, str(tree.root)).go()
    return json.loads((tree.root / FILE.strip("/")).read_text()), smartctl.asked


def test_disks_are_asked_and_cards_are_not(usb):
    said, asked = go(usb, sda=(0, PASSED))
    assert said == {"sda": {"insertion": "7", "way": "", "answer": PASSED}} and asked == [("sda", "")]
    assert (usb.root / FILE.strip("/")).stat().st_mode & 0o777 == 0o644


def test_a_bridge_that_nobody_knows_is_asked_by_sat_once_and_for_all(usb):
    said, asked = go(usb, **{"sda:sat": (0, PASSED)})
    assert said["sda"]["way"] == "sat" and asked == [("sda", ""), ("sda", "sat")]
    assert go(usb, **{"sda:sat": (64, PASSED)})[1] == [("sda", "sat")]


def test_a_bridge_that_answers_nothing_is_left_in_peace_until_it_is_plugged_in_anew(usb):
    said, asked = go(usb)
    assert said["sda"] == {"insertion": "7", "way": "none", "answer": None} and len(asked) == 2
    assert go(usb, sda=(0, PASSED))[1] == []
    usb.put("sys/block/sda/diskseq", "8")
    assert go(usb, sda=(0, PASSED))[0]["sda"] == {"insertion": "8", "way": "", "answer": PASSED}


def test_a_disk_that_sleeps_is_not_woken_and_what_it_said_stays(usb):
    go(usb, sda=(0, PASSED))
    said, asked = go(usb, sda=(ASLEEP, {"power_mode": "standby"}))
    assert said["sda"]["answer"] == PASSED and asked == [("sda", "")]


def test_a_disk_that_slept_from_the_beginning_is_asked_later(usb):
    said, _ = go(usb, sda=(ASLEEP, b""))
    assert said["sda"] == {"insertion": "7", "way": None, "answer": None}
    assert go(usb, sda=(0, PASSED))[0]["sda"]["answer"] == PASSED


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[1]", b"\xff" * 9])
def test_rubbish_is_no_answer(usb, rubbish):
    assert go(usb, sda=(0, rubbish))[0]["sda"]["answer"] is None
    (usb.root / FILE.strip("/")).write_bytes(rubbish)
    assert go(usb, sda=(0, PASSED))[0]["sda"]["answer"] == PASSED


def test_its_own_disk_is_not_asked(usb):
    usb.put("sys/block/sda/device/vendor", "SOSIE   ")
    assert go(usb)[1] == []


# What comes to the board


def read(tree, disk=DISK) -> dict:
    """As a lane does it."""
    reader = Reader("/dev/sda", "/dev/mmcblk0p6", str(tree.root), lambda path: disk if "sda" in path else CARD)
    steps = reader.read()
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return end.value


def test_all_of_it_in_the_shape_of_the_snapshot(usb):
    go(usb, sda=(0, attributes((197, "Current_Pending_Sector", "", 8))))
    usb.put("sys/class/thermal/thermal_zone0/type", "cpu-thermal")
    usb.put("sys/class/thermal/thermal_zone0/temp", "48000")
    said = read(usb)
    assert said["disk"] == {"ok": False, "sentence": "8 of its sectors cannot be read"}
    assert said["temperature_c"] == 48.0 and {word: set(said[word] or ()) if isinstance(said[word], dict) else 0
                                             for word in said} == \
        {word: set(UNKNOWN[word]) if isinstance(UNKNOWN[word], dict) else 0 for word in UNKNOWN}  # fmt: skip


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sda": null}', '{"sda": {}}', '{"sdb": {"answer": {}}}'])
def test_a_file_that_says_nothing_of_the_disk(usb, text):
    usb.put(FILE.strip("/"), text)
    assert read(usb)["disk"] == {"ok": None, "sentence": None}
    assert read(usb, None)["disk"] == {"ok": None, "sentence": None}


class FakeBoard:
    def __init__(self):
        self.clock = self
        self.ms = 0
        self.health = UNKNOWN
        self.alarms = {}

    def now_ms(self):
        return self.ms

    def alarm(self, source, sentence):
        self.alarms[source] = sentence


class FakeLane:
    def __init__(self):
        self.jobs = []

    def submit(self, done, op):
        self.jobs.append(done)

    def close(self, patience_s):
        pass


def told(low) -> dict:
    return dict(UNKNOWN, under_voltage=low)


def test_it_reads_again_and_again_and_remembers_a_voltage_that_was_too_low():
    board, lane, timers = FakeBoard(), FakeLane(), []
    health = Health(board, lane, lambda ms, call: timers.append((ms, call)))
    health.start()
    seen = []
    for low, ms in ((False, 0), (True, 10000), (False, 20000), (False, 69999), (False, 70000)):
        board.ms = ms
        lane.jobs.pop()(told(low), None)
        seen.append(board.health["under_voltage"])
        assert [ms for ms, _ in timers] == [EVERY_MS] and lane.jobs == []
        timers.pop()[1]()
    assert seen == [False, True, True, True, False]
    lane.jobs.pop()(None, OSError("gone"))
    assert board.alarms["health"] == "the sensors cannot be read (gone)" and board.health["under_voltage"] is False
    health.stop()
    timers.pop()[1]()
    assert lane.jobs == []
