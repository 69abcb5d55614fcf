"""Which USB device controller: the only one, the named one, or one sentence."""

from pathlib import Path

import pytest

from board.usb import controller
from board.usb.paths import Paths
from firmware.errors import Refused
from tests.board.kernel import FakeKernel
from tests.board.test_gadget import gadget, running


def refusal(kernel, *arguments):
    with pytest.raises(Refused) as caught:
        controller.find(kernel.paths, *arguments)
    text = str(caught.value)
    assert "\n" not in text and len(text) < 400
    return text


def test_the_only_one(kernel):
    assert controller.find(kernel.paths) == "dummy_udc.0"
    assert controller.find(kernel.paths, "dummy_udc.0") == "dummy_udc.0"


def test_none(tmp_path):
    for kernel in (FakeKernel(tmp_path / "none", ()), FakeKernel(tmp_path / "unknown", ())):
        text = refusal(kernel)
        assert "dtoverlay=dwc2,dr_mode=peripheral" in text and "USB-C" in text
        assert refusal(kernel, "fe980000.usb") == text
        with pytest.raises(controller.NoController):
            controller.find(kernel.paths)
        Path(kernel.paths.controllers).mkdir(parents=True, exist_ok=True)  # the second time: the class, and none in it


def test_several(tmp_path):
    kernel = FakeKernel(tmp_path, ("b.usb", "a.usb"))
    assert "attach = usb:a.usb or usb:b.usb" in refusal(kernel)
    assert controller.find(kernel.paths, "b.usb") == "b.usb"


def test_one_that_is_not_there(kernel):
    text = refusal(kernel, "fe980000.usb")
    assert "no USB device port fe980000.usb" in text and "it has dummy_udc.0" in text


def test_taken_by_another_gadget(kernel):
    running(kernel, "other")
    text = refusal(kernel, None, "one")
    assert "taken by the gadget other" in text
    assert controller.find(kernel.paths, None, "other") == "dummy_udc.0"


def test_remains_of_our_own_do_not_stand_in_the_way(kernel):
    running(kernel)
    assert controller.find(kernel.paths, None, "one") == "dummy_udc.0"
    gadget(kernel).prepare()
    assert controller.find(kernel.paths, None, "one") == "dummy_udc.0"


def test_taken_by_a_gadget_outside_of_configfs(kernel):
    Path(kernel.paths.controller("dummy_udc.0"), "function").write_text("g_ether\n")
    assert "taken by the gadget g_ether" in refusal(kernel, None, "one")


def test_a_kernel_that_does_not_tell_the_function(kernel):
    Path(kernel.paths.controller("dummy_udc.0"), "function").unlink()
    assert controller.find(kernel.paths) == "dummy_udc.0"


def test_the_paths_of_the_machine():
    paths = Paths()
    assert paths.gadget("g") == "/sys/kernel/config/usb_gadget/g"
    assert paths.controller("u.0") == "/sys/class/udc/u.0"
    assert paths.function("g") == "/run/sosie/usb/g"
    assert paths.console(3) == "/dev/ttyGS3"
    assert paths.mounts == "/proc/self/mountinfo"
