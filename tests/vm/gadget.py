"""Runs inside the guest: the gadget of board/usb on a real kernel, with both ends of the cable in one machine.

dummy_hcd is a USB host and a device controller that are wired to each other, twice. Each check below is a function;
they run in the order of CHECKS, or those named as arguments, and say so on a line each. Exit code 1 when one failed.
"""

import glob
import json
import os
import re
import signal
import subprocess
import sys
import termios
import time
import traceback
import tty
import warnings
from pathlib import Path
from select import POLLIN

sys.path[0] = str(Path(__file__).resolve().parents[2])

from board.usb import controller  # noqa: E402
from board.usb.control import Answers, Control, open_function  # noqa: E402
from board.usb.gadget import Gadget, gadget_name  # noqa: E402
from board.usb.paths import Paths  # noqa: E402
from board.usb.system import System  # noqa: E402
from firmware import ports  # noqa: E402
from firmware.errors import Refused  # noqa: E402

PATHS = Paths()
NAME = gadget_name("left")
SERIAL, OTHER_SERIAL = "0123456789ABCDEF0001", "0123456789ABCDEF0002"
STATUS = json.dumps({"name": "left", "state": "mirroring", "filler": "x" * 500}).encode()
PATIENCE_S = 90  # everything here runs on an emulated processor


# The board's end


class Board:
    """A process that serves a gadget: ep0 in a loop, as the appliance does. It says on its pipe what happens."""

    running = []

    def __init__(self, name=NAME, udc="dummy_udc.0", serial=SERIAL, speed="super-speed", stop_before=None):
        ours, theirs = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(ours)
            run_to_exit(serve, name, udc, serial, speed, stop_before, theirs)
        os.close(theirs)
        self.running.append(self)
        self._said = os.fdopen(ours)
        self.wait_for("ready")

    def wait_for(self, word):
        for line in self._said:
            if line.strip() == word:
                return
        raise AssertionError("the board ended before it said " + word)

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.running.remove(self)


def run_to_exit(operation, *arguments):
    """The rest of a forked process."""
    try:
        operation(*arguments)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def serve(name, udc, serial, speed, stop_before, pipe):
    def say(word):
        os.write(pipe, word.encode() + b"\n")

    gadget = Gadget(PATHS, name, udc, serial, "Sosie left")
    gadget.prepare()
    System().write(PATHS.gadget(name) + "/max_speed", speed)
    ep0 = open_function(gadget.function_path)
    if stop_before != "bind":
        gadget.bind()
    loop = ports.Loop()
    control = Control(ep0, lambda: STATUS, 1, ports.ThreadLane(Answers(ep0), loop))
    control.on_enable = lambda: say("enable")
    control.on_disable = lambda: say("disable")
    control.on_reset = lambda: say("reset")
    say("ready")
    loop.watch(ep0, POLLIN, lambda events: control.readable())

    def tick():  # the loop stands still for nobody
        say("tick")
        loop.call_after(100, tick)

    tick()
    loop.run()


# The host's end


def until(what, condition, limit_s=PATIENCE_S):
    """The first true value of condition()."""
    give_up = time.monotonic() + limit_s
    while time.monotonic() < give_up:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain until " + what)


def device(serial=SERIAL):
    """The folder in sysfs of the device with this serial number, configured; "" when the host has none."""
    for path in glob.glob("/sys/bus/usb/devices/*/serial"):
        folder = os.path.dirname(path)
        try:
            if Path(path).read_text().strip() == serial and Path(folder, "bConfigurationValue").read_text().strip():
                return folder
        except OSError:
            pass
    return ""


def here(serial=SERIAL):
    return until("the host sees " + serial, lambda: device(serial))


def gone(serial=SERIAL):
    until("the host misses " + serial, lambda: not device(serial))


def handle(serial=SERIAL):
    """pyusb's view of the device."""
    import usb.backend.libusb1
    import usb.core

    bus, address = (int(Path(here(serial), name).read_text()) for name in ("busnum", "devnum"))
    usb.backend.libusb1._lib_object = None  # without udevd libusb learns of a new device only when it starts
    found = usb.core.find(bus=bus, address=address)
    found.default_timeout = PATIENCE_S * 1000  # pyusb's own is a second
    return found


def answers(serial=SERIAL):
    """Asks what every host asks first."""
    found = handle(serial)
    assert bytes(found.ctrl_transfer(0xA1, 0xFE, 0, 0, 1)) == b"\x01"
    assert bytes(found.ctrl_transfer(0xC1, 0x53, 0, 1, 4096)) == STATUS
    return found


def refused(found, *setup):
    import usb.core

    try:
        found.ctrl_transfer(*setup)
    except usb.core.USBError as error:
        return error.errno == 32  # EPIPE: a stall
    return False


def refusal(operation, *arguments):
    try:
        operation(*arguments)
    except Refused as e:
        return str(e)
    raise AssertionError("not refused")


# Checks


def check_descriptors():
    """lsusb decodes what we say of ourselves, at three speeds."""
    for speed, packet in (("full-speed", 64), ("high-speed", 512), ("super-speed", 1024)):
        board = Board(speed=speed)
        here()
        text = subprocess.run(["lsusb", "-v", "-d", "1d6b:0104"], capture_output=True, text=True).stdout
        flat = re.sub(r"\s+", " ", text)
        for words in (
            "bDeviceClass 239", "bDeviceSubClass 2", "bDeviceProtocol 1", "1 Sosie", "2 Sosie left", "3 " + SERIAL,
            "bNumInterfaces 4", "Disk and console", "bInterfaceNumber 0", "bInterfaceClass 8", "bInterfaceSubClass 6",
            "bInterfaceProtocol 80", "Sosie disk", "bInterfaceNumber 1", "bInterfaceClass 255",
            "bInterfaceSubClass 83", "Sosie status", "bInterfaceNumber 2", "bInterfaceClass 2", "bInterfaceClass 10",
        ):  # fmt: skip
            assert words in flat, "%s: lsusb does not say %s:\n%s" % (speed, words, text)
        disk = flat[flat.index("Sosie disk") : flat.index("Sosie status")]
        assert disk.count("wMaxPacketSize 0x%04x" % packet) == 2, disk
        assert disk.index("EP 1 IN") < disk.index(" OUT") and disk.count("Transfer Type Bulk") == 2
        assert disk.count("bMaxBurst 15") == (2 if packet == 1024 else 0)
        assert int(re.search(r"MaxPower (\d+)mA", flat)[1]) in (500, 504, 496)
        board.kill()
        gone()


def check_requests():
    """GET MAX LUN, Bulk-Only reset, the status; all else is stalled and does no harm."""
    board = Board()
    found = answers()
    assert bytes(found.ctrl_transfer(0xC1, 0x53, 0, 1, 20)) == STATUS[:20]
    assert bytes(found.ctrl_transfer(0xC1, 0x53, 0, 1, 512)) == STATUS[:512]  # whole packets of ep0
    assert found.ctrl_transfer(0x21, 0xFF, 0, 0, b"") == 0
    board.wait_for("reset")
    for setup in (
        (0xA1, 0xFE, 1, 0, 1),
        (0xA1, 0xFE, 0, 1, 1),
        (0xA1, 0xFE, 0, 0, 2),
        (0x21, 0xFF, 0, 1, b""),
        (0x21, 0xFF, 0, 0, b"data"),
        (0x21, 0x00, 0, 0, bytes(31)),
        (0xC1, 0x53, 0, 0, 64),
        (0xC1, 0x54, 0, 1, 64),
        (0x41, 0x53, 0, 1, b"data"),
        (0x81, 0x06, 0x2200, 1, 64),
    ):
        assert refused(found, *setup), setup
    for _ in range(20):
        assert bytes(found.ctrl_transfer(0xA1, 0xFE, 0, 0, 1)) == b"\x01"
        assert bytes(found.ctrl_transfer(0xC1, 0x53, 0, 1, 4096)) == STATUS
    board.kill()


def check_impatient():
    """A host that gives its requests up keeps nobody waiting but itself, and can take the board off the bus."""
    import usb.core

    board = Board(speed="high-speed")
    found = answers()
    gave_up = 0
    for round_ in range(60):
        try:
            found.ctrl_transfer(0xC1, 0x53, 0, 1, 4096, timeout=1 + round_ % 6)
        except usb.core.USBError:
            gave_up += 1
    assert gave_up > 5, gave_up
    board.wait_for("tick")
    board.wait_for("tick")
    for _ in range(3):
        assert bytes(found.ctrl_transfer(0xC1, 0x53, 0, 1, 4096)) == STATUS
    os.kill(board.pid, signal.SIGSTOP)
    assert gives_up(found)
    os.kill(board.pid, signal.SIGCONT)
    for _ in range(5):
        board.wait_for("tick")  # its answer waits for a host that is not there
    gadget = Gadget(PATHS, NAME, "dummy_udc.0", SERIAL, "Sosie")
    gadget.unbind()
    gone()
    gadget.bind()
    answers()
    os.kill(board.pid, signal.SIGSTOP)
    assert gives_up(handle())
    os.kill(board.pid, signal.SIGCONT)
    time.sleep(0.3)
    board.kill()  # in the middle of the same
    gone()
    Board().kill()


def gives_up(found):
    import usb.core

    try:
        found.ctrl_transfer(0xC1, 0x53, 0, 1, 4096, timeout=200)
    except usb.core.USBError as error:
        return error.errno == 110
    return False


def check_windows():
    """The Microsoft OS descriptors, as Windows asks for them."""
    board = Board(speed="high-speed")
    found = handle()
    text = bytes(found.ctrl_transfer(0x80, 6, 0x03EE, 0, 18))
    assert text[2:16].decode("utf-16-le") == "MSFT100", text
    code = text[16]
    compat = bytes(found.ctrl_transfer(0xC0, code, 0, 4, 4096))
    assert int.from_bytes(compat[:4], "little") == len(compat)
    sections = {compat[at]: compat[at + 2 : at + 10] for at in range(16, len(compat), 24)}
    assert sections[1] == b"WINUSB\0\0" and not any(each.strip(b"\0") for each in (sections.get(0, b""),)), sections
    properties = bytes(found.ctrl_transfer(0xC1, code, 1, 5, 4096))
    assert int.from_bytes(properties[:4], "little") == len(properties), properties
    text = properties[10:].decode("utf-16-le", "replace")
    assert "DeviceInterfaceGUID\0" in text, properties
    assert properties.endswith("CAAD8B9F-CFF9-4FD9-A88E-3AE2AED5A767}\0".encode("utf-16-le")), properties
    board.kill()


def check_console():
    """The kernel's serial function: bytes go both ways, the names agree."""
    subprocess.run(["modprobe", "cdc_acm"], check=True)
    board = Board()
    folder = here()
    near = until("there is a ttyACM", lambda: glob.glob(folder + ":*/tty/ttyACM*"))
    far = Gadget(PATHS, NAME, "dummy_udc.0", SERIAL, "Sosie").console_path
    host = os.open("/dev/" + os.path.basename(near[0]), os.O_RDWR | os.O_NOCTTY)
    own = os.open(far, os.O_RDWR | os.O_NOCTTY)
    for each in (host, own):
        tty.setraw(each)
        termios.tcflush(each, termios.TCIOFLUSH)
    text = bytes(range(256)) * 8
    for one, other in ((host, own), (own, host)):
        os.write(one, text[:1000])
        os.write(one, text[1000:])
        got = b""
        while len(got) < len(text):
            got += os.read(other, 4096)
        assert got == text
    os.close(host)
    os.close(own)
    board.kill()


def check_plugging():
    """Twenty times off the bus and on it again; after each the host finds all of it."""
    board = Board()
    gadget = Gadget(PATHS, NAME, "dummy_udc.0", SERIAL, "Sosie")
    for _ in range(20):
        answers()
        board.wait_for("enable")
        assert gadget.bound
        gadget.unbind()
        gone()
        board.wait_for("disable")
        gadget.unbind()
        assert not gadget.bound
        gadget.bind()
    answers()
    board.kill()


class Mortal(System):
    """Kills its own process before the change with this number."""

    CHANGES = "make make_mount_point remove link unlink write mount unmount".split()

    def __init__(self, number):
        self.left = number
        for name in self.CHANGES:
            setattr(self, name, self._dying(getattr(self, name)))

    def _dying(self, operation):
        def change(*arguments):
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)
            self.left -= 1
            return operation(*arguments)

        return change


def killed_at(number, operation):
    """Whether operation(gadget) in a process of its own was killed before its change `number`."""
    pid = os.fork()
    if not pid:
        run_to_exit(operation, Gadget(PATHS, NAME, "dummy_udc.0", SERIAL, "Sosie left", system=Mortal(number)))
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "it failed, see above"
    return os.WIFSIGNALED(status)


def check_kills_while_it_is_made():
    """SIGKILL before every change; then prepare() by the next process, and the host finds all of it."""
    number = 0
    while killed_at(number, lambda gadget: gadget.prepare()):
        made = Gadget(PATHS, NAME, "dummy_udc.0", SERIAL, "Sosie left")
        made.prepare()
        if number % 7 == 0:
            Board().kill()
        else:
            made.tear_down()
        nothing_left() if number % 7 else None
        number += 1
    assert number > 25, number


def check_kills_while_it_is_taken_away():
    """The same for tear_down() of a gadget on the bus, and for prepare() over one."""
    for operation in (lambda gadget: gadget.tear_down(), lambda gadget: gadget.prepare()):
        number = 0
        while True:
            board = Board()
            killed = killed_at(number, operation)
            board.kill()
            Gadget(PATHS, NAME, "dummy_udc.0", SERIAL, "Sosie left").tear_down()
            nothing_left()
            if not killed:
                break
            number += 3
        assert number > 10, number


def nothing_left():
    assert not os.path.exists(PATHS.gadget(NAME)), os.listdir(PATHS.gadget(NAME))
    assert " functionfs %s " % NAME not in Path(PATHS.mounts).read_text()
    assert not os.path.exists(PATHS.function(NAME))


def check_a_killed_process():
    """SIGKILL of the process that serves it: the host loses it, and the next process has it back at once."""
    for _ in range(5):
        board = Board()
        answers()
        board.kill()
    gone()
    Board(stop_before="bind").kill()
    board = Board()
    answers()
    board.kill()


def check_a_process_that_still_runs():
    """The old process holds ep0 open (it hangs, say): the new one has the disk all the same."""
    old = Board()
    answers()
    os.kill(old.pid, signal.SIGSTOP)
    new = Board()
    answers()
    os.kill(old.pid, signal.SIGCONT)
    old.kill()
    answers()
    new.kill()


def check_mounted_already():
    """FunctionFS of ours lies elsewhere, and twice over."""
    gadget = Gadget(PATHS, NAME, "dummy_udc.0", SERIAL, "Sosie left")
    gadget.prepare()
    subprocess.run(["umount", gadget.function_path], check=True)
    os.makedirs("/tmp/a place", exist_ok=True)
    subprocess.run(["mount", "-t", "functionfs", NAME, "/tmp/a place"], check=True)
    os.makedirs("/tmp/second", exist_ok=True)
    subprocess.run(["mount", "--bind", "/tmp/a place", "/tmp/second"], check=True)
    board = Board()
    answers()
    assert Path(PATHS.mounts).read_text().count(" functionfs %s " % NAME) == 1
    board.kill()


def check_several():
    """Two boards on two ports; each keeps to its own."""
    assert "attach = usb:dummy_udc.0 or usb:dummy_udc.1" in refusal(controller.find, PATHS)
    assert controller.find(PATHS, "dummy_udc.1") == "dummy_udc.1"
    assert "it has dummy_udc.0, dummy_udc.1" in refusal(controller.find, PATHS, "dummy_udc.7")
    one, other = Board(), Board(gadget_name("right"), "dummy_udc.1", OTHER_SERIAL, "high-speed")
    answers()
    answers(OTHER_SERIAL)
    assert "taken by the gadget sosie-left" in refusal(controller.find, PATHS, "dummy_udc.0", gadget_name("right"))
    assert controller.find(PATHS, "dummy_udc.0", NAME) == "dummy_udc.0"
    third = Gadget(PATHS, gadget_name("third"), "dummy_udc.0", OTHER_SERIAL, "Sosie")
    third.prepare()
    ep0 = open_function(third.function_path)
    assert "something else uses it" in refusal(third.bind)
    os.close(ep0)
    third.tear_down()
    one.kill()
    gone()
    answers(OTHER_SERIAL)
    again = Board()
    answers()
    answers(OTHER_SERIAL)
    again.kill()
    other.kill()
    Gadget(PATHS, gadget_name("right"), "dummy_udc.1", OTHER_SERIAL, "Sosie").tear_down()


def check_a_terminal_that_stays_open():
    """A getty has the console open: nobody waits for it, neither the next run nor the end."""
    board = Board()
    gadget = Gadget(PATHS, NAME, "dummy_udc.0", SERIAL, "Sosie")
    terminal = os.open(gadget.console_path, os.O_RDWR | os.O_NOCTTY)
    board.kill()
    board = Board()
    answers()
    board.kill()
    began = time.monotonic()
    gadget.tear_down()
    assert time.monotonic() - began < 10
    assert os.listdir(PATHS.gadget(NAME) + "/functions") == ["acm." + NAME] and not gadget.bound
    board = Board()
    answers()
    board.kill()
    os.close(terminal)
    gadget.tear_down()
    nothing_left()


def check_refused():
    """One sentence, and nothing changed."""
    gadget = Gadget(PATHS, NAME, "dummy_udc.0", SERIAL, "Sosie left")
    gadget.prepare()
    assert "cannot use the port" in refusal(gadget.bind)  # no descriptors yet
    gadget.tear_down()
    nothing_left()
    pid = os.fork()
    if not pid:
        os.setgid(65534)
        os.setuid(65534)
        run_to_exit(_not_root)
    assert os.waitpid(pid, 0)[1] == 0
    nothing_left()


def _not_root():
    assert "must run as root" in refusal(Gadget(PATHS, NAME, "dummy_udc.0", SERIAL, "Sosie").prepare)


CHECKS = [
    check_descriptors,
    check_requests,
    check_impatient,
    check_windows,
    check_console,
    check_plugging,
    check_a_terminal_that_stays_open,
    check_refused,
    check_a_killed_process,
    check_a_process_that_still_runs,
    check_mounted_already,
    check_several,
    check_kills_while_it_is_made,
    check_kills_while_it_is_taken_away,
]


def main(wanted):
    # libusb has a thread of its own; what is forked here uses nothing of it.
    warnings.simplefilter("ignore", DeprecationWarning)
    subprocess.run(["modprobe", "dummy_hcd", "is_super_speed=Y", "num=2"], check=True)
    failed = 0
    for check in CHECKS:
        name = check.__name__[len("check_") :]
        if wanted and name not in wanted:
            continue
        began = time.monotonic()
        try:
            check()
            print("ok %s (%.1f s)" % (name, time.monotonic() - began), flush=True)
        except Exception:
            failed += 1
            print("FAILED %s\n%s" % (name, traceback.format_exc()), flush=True)
        for board in list(Board.running):
            board.kill()
    for name in (NAME, gadget_name("right"), gadget_name("third")):
        Gadget(PATHS, name, "dummy_udc.0", SERIAL, "Sosie").tear_down()
    complaints = kernel_complaints()
    print(complaints, end="", flush=True)
    return 1 if failed or complaints else 0


def kernel_complaints():
    """What the kernel itself holds for a fault."""
    lines = subprocess.run(["dmesg"], capture_output=True, text=True).stdout.splitlines()
    bad = re.compile(r"BUG|WARNING:|Oops|general protection|use-after-free|refcount_t|blocked for more than")
    return "".join(line + "\n" for line in lines if bad.search(line))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
