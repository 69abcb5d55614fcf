"""The gadget in configfs: whole, made anew over every kind of remains, and refused in one sentence."""

import errno
import itertools

import pytest

from board.usb.gadget import MAX_NAME, Gadget, gadget_name
from firmware.errors import Refused
from tests.board.kernel import PORTS, FakeKernel, Killed

SERIAL = "0123456789ABCDEF0123"
WHOLE = {
    "idVendor": "0x1d6b",
    "idProduct": "0x0104",
    "bcdUSB": "0x0200",
    "bDeviceClass": "0xef",
    "bDeviceSubClass": "0x02",
    "bDeviceProtocol": "0x01",
    "strings/0x409/manufacturer": "Sosie",
    "strings/0x409/product": "Sosie left",
    "strings/0x409/serialnumber": SERIAL,
    "configs/c.1/MaxPower": "500",
    "configs/c.1/strings/0x409/configuration": "Disk and console",
    "configs/c.1/ffs.one": "-> functions/ffs.one",
    "configs/c.1/acm.one": "-> functions/acm.one",
    "functions/acm.one/port_num": "0\n",
    "os_desc/use": "1",
    "os_desc/qw_sign": "MSFT100",
    "os_desc/b_vendor_code": "0x4d",
    "os_desc/c.1": "-> configs/c.1",
    "UDC": "",
}


def gadget(kernel, name="one", udc="dummy_udc.0"):
    return Gadget(kernel.paths, name, udc, SERIAL, "Sosie left", system=kernel)


def running(kernel, name="one"):
    """A gadget that is on the bus."""
    made = gadget(kernel, name)
    made.prepare()
    kernel.describe(name)
    made.bind()
    return made


def sentence(operation, *arguments):
    with pytest.raises(Refused) as caught:
        operation(*arguments)
    text = str(caught.value)
    assert "\n" not in text and 20 < len(text) < 300, text
    return text


def assert_whole(kernel, made):
    tree = dict(kernel.tree("one"), UDC=made.bound or "")
    assert {key: tree.get(key) for key in WHOLE} == WHOLE
    assert kernel.mounted() == [("one", made.function_path)]
    kernel.describe("one")
    made.bind()
    assert made.bound


def test_a_gadget_is_made_and_taken_away(kernel):
    made = gadget(kernel)
    made.prepare()
    assert not made.bound
    assert made.console_path == str(kernel.root / "dev/ttyGS0")
    assert_whole(kernel, made)
    made.tear_down()
    assert kernel.tree("one") == {} and kernel.mounted() == [] and not made.bound
    assert not kernel.is_folder(made.function_path)


def test_the_disk_is_linked_before_the_console(kernel):
    """Its interfaces are 0 and 1 on the bus then."""
    made = gadget(kernel)
    links = []
    kernel.link = lambda target, path: (links.append(target), FakeKernel.link(kernel, target, path))
    made.prepare()
    assert [target.rpartition("/")[2] for target in links] == ["ffs.one", "acm.one", "c.1"]


def test_nothing_there_is_no_remains(kernel):
    gadget(kernel).tear_down()
    assert list(kernel.gadgets.iterdir()) == []


def test_unplugged_and_plugged_twenty_times(kernel):
    made = running(kernel)
    for _ in range(20):
        made.unbind()
        assert not made.bound
        made.unbind()  # once more is no mistake
        made.bind()
        assert made.bound


def steps(operation):
    """`operation(kernel)` on fresh kernels in fresh folders, killed after 0, 1, 2... changes, until it is done."""

    def run(tmp_path, prepare):
        for count in itertools.count():
            kernel = FakeKernel(tmp_path / str(count))
            prepare(kernel)
            kernel.changes, kernel.killed_after = 0, count
            try:
                operation(kernel)
            except Killed:
                kernel.killed_after = None
                yield kernel
            else:
                assert count > 10
                return

    return run


def test_killed_after_every_step_of_making_it(tmp_path):
    for kernel in steps(lambda kernel: gadget(kernel).prepare())(tmp_path, lambda kernel: None):
        made = gadget(kernel)
        made.prepare()
        assert_whole(kernel, made)


def test_killed_after_every_step_of_making_it_anew(tmp_path):
    for kernel in steps(lambda kernel: gadget(kernel).prepare())(tmp_path, running):
        made = gadget(kernel)
        made.prepare()
        assert_whole(kernel, made)


def test_killed_after_every_step_of_taking_it_away(tmp_path):
    for kernel in steps(lambda kernel: gadget(kernel).tear_down())(tmp_path, running):
        made = gadget(kernel)
        made.tear_down()
        assert kernel.tree("one") == {} and kernel.mounted() == []
        made.prepare()
        assert_whole(kernel, made)


def test_a_process_that_was_killed_left_it_on_the_bus(kernel):
    running(kernel)
    made = gadget(kernel)
    made.prepare()
    assert not made.bound
    assert_whole(kernel, made)


def test_the_kernel_took_it_off_the_bus_while_we_looked(kernel):
    running(kernel)
    kernel.write(str(kernel.gadgets / "one/UDC"), "\n")
    made = gadget(kernel)
    kernel.read = lambda path: "dummy_udc.0\n"  # so it was a moment ago
    made.unbind()
    del kernel.read
    made.prepare()
    assert_whole(kernel, made)


def test_functionfs_mounted_elsewhere(kernel):
    gadget(kernel).prepare()
    kernel.unmount(kernel.paths.function("one"))
    elsewhere = kernel.root / "mnt/a place \\ of old"
    elsewhere.mkdir(parents=True)
    kernel.mount("functionfs", "one", str(elsewhere))
    made = gadget(kernel)
    made.prepare()
    assert_whole(kernel, made)


def test_functionfs_at_several_places(kernel):
    gadget(kernel).prepare()
    for number in range(3):
        kernel.bind_mount("one", "/mnt/%d" % number)
    made = gadget(kernel)
    made.prepare()
    assert_whole(kernel, made)


def test_remains_of_another_version(kernel):
    """More configurations, languages and functions than this one makes."""
    gadget(kernel).prepare()
    top = str(kernel.gadgets / "one")
    kernel.make(top + "/strings/0x407")
    kernel.make(top + "/configs/c.2")
    kernel.make(top + "/configs/c.2/strings/0x409")
    kernel.make(top + "/configs/c.2/strings/0x40c")
    kernel.make(top + "/functions/hid.usb0")
    kernel.link(top + "/functions/hid.usb0", top + "/configs/c.2/any name")
    kernel.link(top + "/functions/acm.one", top + "/configs/c.2/acm.one")
    made = gadget(kernel)
    made.prepare()
    assert "configs/c.2/" not in kernel.tree("one") and "functions/hid.usb0/" not in kernel.tree("one")
    assert_whole(kernel, made)


def test_gadgets_of_others_are_left_alone(tmp_path):
    kernel = FakeKernel(tmp_path, ("a.0", "b.0"))
    other = gadget(kernel, "other", "b.0")
    other.prepare()
    kernel.describe("other")
    other.bind()
    before = kernel.tree("other")
    made = gadget(kernel, "one", "a.0")
    for _ in range(2):
        made.prepare()
        kernel.describe("one")
        made.bind()
    assert made.console_path != other.console_path
    made.tear_down()
    assert kernel.tree("other") == before and other.bound
    assert kernel.mounted() == [("other", other.function_path)]


# Terminals that somebody has open


def test_a_terminal_that_is_open_keeps_its_function(kernel):
    made = running(kernel)
    kernel.open_terminals.add(0)
    made.tear_down()
    assert kernel.mounted() == [] and not made.bound and 0.5 < kernel.waited < 3
    left = kernel.tree("one")
    assert "functions/acm.one/" in left and "functions/ffs.one/" not in left and "configs/c.1/" not in left
    made = gadget(kernel)
    made.prepare()
    assert_whole(kernel, made)


def test_a_terminal_that_is_open_does_not_hold_up_the_next_run(kernel):
    running(kernel)
    kernel.open_terminals.add(0)
    made = gadget(kernel)
    made.prepare()
    assert kernel.waited == 0
    assert_whole(kernel, made)


def test_a_terminal_that_is_closed_soon(kernel):
    made = running(kernel)
    kernel.open_terminals.add(0)
    kernel.wait = lambda seconds: kernel.open_terminals.clear()
    made.tear_down()
    assert list(kernel.gadgets.iterdir()) == []


def test_the_console_keeps_its_number(kernel):
    running(kernel, "other").unbind()
    made = running(kernel)
    assert made.console_path.endswith("ttyGS1")
    gadget(kernel, "other").tear_down()
    made.prepare()
    assert made.console_path.endswith("ttyGS1")


# Refused


def test_the_port_is_taken(kernel):
    running(kernel, "other")
    made = gadget(kernel)
    made.prepare()
    kernel.describe("one")
    text = sentence(made.bind)
    assert "dummy_udc.0" in text and "something else uses it" in text
    assert not made.bound


def test_descriptors_were_not_written(kernel):
    made = gadget(kernel)
    made.prepare()
    assert "cannot use the port dummy_udc.0" in sentence(made.bind)


@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES])
def test_not_root(kernel, number):
    kernel.error = number
    assert "must run as root" in sentence(gadget(kernel).prepare)
    assert list(kernel.gadgets.iterdir()) == []


def test_configfs_read_only(kernel):
    kernel.error = errno.EROFS
    assert "on the machine itself" in sentence(gadget(kernel).prepare)


def test_no_serial_port_left(kernel):
    for number in range(PORTS):
        gadget(kernel, "g%d" % number).prepare()
    assert "something else uses it" in sentence(gadget(kernel).prepare)
    gadget(kernel, "g3").tear_down()
    made = gadget(kernel)
    made.prepare()
    assert made.console_path.endswith("ttyGS3")


def test_modules_are_loaded_when_they_lack(tmp_path):
    kernel = FakeKernel(tmp_path, configfs=False)
    gadget(kernel).prepare()
    assert kernel.loaded == ["libcomposite", "usb_f_fs", "usb_f_acm"]
    kernel.loaded.clear()
    gadget(kernel).prepare()
    assert kernel.loaded == []


def test_configfs_is_mounted_when_it_is_not(tmp_path):
    kernel = FakeKernel(tmp_path, configfs=False)
    kernel.load = lambda modules: None
    made = gadget(kernel)
    made.prepare()
    assert_whole(kernel, made)


def test_no_gadgets_in_this_kernel(tmp_path):
    kernel = FakeKernel(tmp_path, configfs=False)
    kernel.modules_there = False
    assert "modprobe libcomposite" in sentence(gadget(kernel).prepare)


def test_a_string_that_usb_cannot_carry(kernel):
    made = Gadget(kernel.paths, "one", "dummy_udc.0", SERIAL, "p" * 200, system=kernel)
    assert "cannot make the gadget one" in sentence(made.prepare)


def test_serials_and_names_that_break_the_rules(kernel):
    bad = [("a/b", SERIAL), ("", SERIAL), ("n" * 33, SERIAL), ("a", "0123456789A"), ("a", SERIAL.lower())]
    for name, serial in bad:
        with pytest.raises(AssertionError):
            Gadget(kernel.paths, name, "u", serial, "p", system=kernel)


def test_names_of_gadgets():
    names = ["left", "le jumeau", "le-jumeau", "le/jumeau", "..", "\u00e9" * 31, "n" * 26, "n" * 27, "n" * 63, "ffs.x"]
    made = [gadget_name(name) for name in names]
    assert made[0] == "sosie-left" and len(set(made)) == len(made)
    for name in made:
        assert len(name) <= MAX_NAME and "/" not in name and " " not in name and "." not in name
