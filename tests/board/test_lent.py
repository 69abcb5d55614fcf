"""A gadget that root lends to the user who runs the board."""

import errno

import pytest

from board.usb.gadget import Gadget
from board.usb.lent import LentGadget, find_lent, lend
from firmware.errors import Refused
from tests.board.kernel import FakeKernel

USER, SERIAL = 999, "0123456789ABCDEF0123"


class Unprivileged(FakeKernel):
    """What the kernel lets a user do to the gadget that it was lent: write attributes, and nothing else."""

    def forbidden(self, *_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    make = remove = link = unlink = mount = unmount = give = forbidden


def lent(kernel, session=7):
    """The gadget as the user has it, after root lent it."""
    name = lend(kernel.paths, "left", USER, USER, system=kernel)
    kernel.__class__ = Unprivileged
    assert find_lent(kernel.paths, kernel, USER) == name == "sosie-left"
    return LentGadget(kernel.paths, name, "dummy_udc.0", SERIAL, "Sosie left", system=kernel, session=session)


def test_a_session_needs_no_privileges(kernel):
    gadget = lent(kernel)
    gadget.prepare()
    kernel.describe("sosie-left")
    gadget.bind()
    tree = kernel.tree("sosie-left")
    assert gadget.bound
    assert tree["strings/0x409/serialnumber"] == SERIAL
    assert tree["bcdDevice"] == "0x0107"


def test_a_new_session_begins_off_the_bus(kernel):
    gadget = lent(kernel)
    gadget.prepare()
    kernel.describe("sosie-left")
    gadget.bind()
    gadget.prepare()
    assert not gadget.bound


def test_its_end_leaves_it_for_the_next(kernel):
    gadget = lent(kernel)
    gadget.prepare()
    kernel.describe("sosie-left")
    gadget.bind()
    gadget.tear_down()
    assert not gadget.bound
    gadget.prepare()
    gadget.bind()


def test_its_files_belong_to_the_user(kernel):
    gadget = lent(kernel)
    assert kernel.mount_options[gadget.function_path] == "uid=999,gid=999,rmode=0500,fmode=0600"


def test_root_makes_its_own(kernel):
    lend(kernel.paths, "left", USER, USER, system=kernel)
    assert find_lent(kernel.paths, kernel, 0) is None
    assert find_lent(kernel.paths, kernel, USER + 1) is None
    Gadget(kernel.paths, "sosie-left", "dummy_udc.0", SERIAL, "Sosie left", system=kernel).prepare()


def test_not_mounted_any_more(kernel):
    gadget = lent(kernel)
    FakeKernel.unmount(kernel, gadget.function_path)
    with pytest.raises(Refused, match="restart the board"):
        gadget.prepare()
