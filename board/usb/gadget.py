"""The USB gadget in configfs: our disk and a serial console as one composite device.

Making it is a dozen steps, and the process may die after any of them; so prepare() first takes away whatever a run
before it left under the same name, in the order that configfs asks for. Nothing is remembered elsewhere.
"""

import binascii
import errno

from firmware.errors import Refused

from .paths import Paths
from .system import System

MAX_NAME = 32  # the kernel gives "ffs.NAME" 40 bytes
_VENDOR, _PRODUCT = "0x1d6b", "0x0104"  # Linux Foundation, multifunction composite gadget
_ENGLISH = "strings/0x409"
_CONFIG = "configs/c.1"
_POWER = "500"  # mA: the board lives on it
_OS_VENDOR_CODE = "0x4d"  # bRequest with which Windows asks for the feature descriptors; not the one of control.py
_MODULES = ["libcomposite", "usb_f_fs", "usb_f_acm"]
_KNOWN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
_SERIAL = set("0123456789ABCDEF")

_REMOVE = "remove what is left of the gadget %s"
_TRIES, _PAUSE_S = 20, 0.05  # for a terminal to be closed
_GONE = (errno.ENOENT, errno.ENODEV)
_SENTENCES = {
    errno.EPERM: "this must run as root, or with CAP_SYS_ADMIN and write access to configfs",
    errno.EACCES: "this must run as root, or with CAP_SYS_ADMIN and write access to configfs",
    errno.EROFS: "configfs is mounted read-only here, as in a container; run the board on the machine itself",
    errno.EBUSY: "something else uses it; see /sys/kernel/config/usb_gadget for other gadgets, and stop them",
}


def gadget_name(board: str) -> str:
    """A name for the gadget of a board, whose own may hold any character: the same for the same board, always."""
    plain = "".join(character if character in _KNOWN else "-" for character in board)
    if plain == board and len(plain) <= MAX_NAME - 6:
        return "sosie-" + plain
    return "sosie-%s-%08x" % (plain[:16], binascii.crc32(board.encode()))


class Gadget:
    """The gadget `name` for the controller `udc` (controller.py finds one).

    `session`, from 0 to 99, becomes a part of the device's release number: a host that takes a quick plug for a reset
    reads the device descriptor again, and one that differs makes a new device of it (Linux does).

    `serial` has at least 12 upper-case hexadecimal digits, different for every board (Bulk-Only Transport 4.1.1).
    prepare(), then descriptors are written to ep0 in `function_path` (control.py), then bind().
    All errors are Refused.
    """

    def __init__(
        self, paths: Paths, name: str, udc: str, serial: str, product: str, manufacturer="Sosie", system=None, session=0
    ):
        assert 0 < len(name) <= MAX_NAME and set(name) <= set(_KNOWN), name
        assert product and manufacturer  # configfs takes no empty write
        assert len(serial) >= 12 and set(serial) <= _SERIAL, serial
        self._paths = paths
        self._system = system or System()
        self._path = paths.gadget(name)
        self._name = name
        self._udc = udc
        self._release = "0x01%02d" % session
        self._strings = (("manufacturer", manufacturer), ("product", product), ("serialnumber", serial))
        self._disk = "%s/functions/ffs.%s" % (self._path, name)
        self._serial = "%s/functions/acm.%s" % (self._path, name)
        self.function_path = paths.function(name)

    @property
    def console_path(self) -> str:
        """The board's end of the serial console; after prepare()."""
        port = self._attempt("find the console", self._system.read, self._serial + "/port_num")
        return self._paths.console(int(port))

    @property
    def bound(self) -> bool:
        """Whether the gadget is on the bus; the kernel takes it off when the last descriptor of ep0 is closed."""
        try:
            return bool(self._system.read(self._path + "/UDC").strip())
        except OSError:
            return False

    def prepare(self, options: str = "") -> None:
        """Makes the gadget anew, not yet bound, with FunctionFS mounted at `function_path`, with mount options."""
        self._find_configfs()
        self._attempt(_REMOVE % self._name, self._take_apart, 0)
        self._attempt("make the gadget %s" % self._name, self._make)
        self._attempt("mount FunctionFS", self._mount, options)

    def bind(self) -> None:
        """Puts the gadget on the bus: a host that is connected sees it now. The descriptors must be there."""
        self._attempt("use the port %s" % self._udc, self._system.write, self._path + "/UDC", self._udc)

    def unbind(self) -> None:
        """Takes the gadget off the bus, as if the cable were pulled."""
        self._attempt("free the port %s" % self._udc, self._let_go)

    def tear_down(self) -> None:
        """Takes away all that exists of the gadget, in whatever state it is.

        A serial function whose terminal somebody has open (a getty, say) stays, off the bus; prepare() takes it over.
        """
        self._attempt(_REMOVE % self._name, self._take_apart, _TRIES)

    # Making

    def _find_configfs(self) -> None:
        system, paths = self._system, self._paths
        if system.is_folder(paths.gadgets):
            return
        system.load(_MODULES)
        if not system.is_folder(paths.gadgets) and system.is_folder(paths.configfs):
            self._attempt("mount configfs", self._mount_configfs)
        if not system.is_folder(paths.gadgets):
            raise Refused("this kernel has no USB gadgets in configfs; run: modprobe libcomposite (as root)")

    def _mount_configfs(self) -> None:
        try:
            self._system.mount("configfs", "configfs", self._paths.configfs)
        except OSError as error:
            if error.errno != errno.EBUSY:  # it was mounted, and just lacks gadgets
                raise

    def _make(self) -> None:
        system, path = self._system, self._path
        config = "%s/%s" % (path, _CONFIG)
        self._make_unless_there(path)
        for key, value in (
            ("idVendor", _VENDOR),
            ("idProduct", _PRODUCT),
            ("bcdDevice", self._release),
            ("bcdUSB", "0x0200"),
            # Several functions, each of which may have several interfaces (USB-IF class codes: EF/02/01).
            ("bDeviceClass", "0xef"),
            ("bDeviceSubClass", "0x02"),
            ("bDeviceProtocol", "0x01"),
        ):
            system.write("%s/%s" % (path, key), value)
        self._make_strings(path, self._strings)
        system.make(config)
        self._make_strings(config, (("configuration", "Disk and console"),))
        system.write(config + "/MaxPower", _POWER)
        # The disk first: its interfaces are then 0 and 1 on the bus as well.
        for function in (self._disk, self._serial):
            self._make_unless_there(function)
            system.link(function, "%s/%s" % (config, function.rpartition("/")[2]))
        system.write(path + "/os_desc/b_vendor_code", _OS_VENDOR_CODE)
        system.write(path + "/os_desc/qw_sign", "MSFT100")
        system.write(path + "/os_desc/use", "1")
        system.link(config, path + "/os_desc/c.1")

    def _make_unless_there(self, path: str) -> None:
        if not self._system.is_folder(path):
            self._system.make(path)

    def _make_strings(self, path: str, strings: tuple) -> None:
        self._system.make("%s/%s" % (path, _ENGLISH))
        self._write_strings(path, strings)

    def _write_strings(self, path: str, strings: tuple) -> None:
        for key, value in strings:
            self._system.write("%s/%s/%s" % (path, _ENGLISH, key), value)

    def _mount(self, options: str) -> None:
        self._system.make_mount_point(self.function_path)
        self._system.mount("functionfs", self._name, self.function_path, options)

    # Unmaking

    def _take_apart(self, tries: int) -> None:
        system, path = self._system, self._path
        self._let_go()
        for place in self._mounts():
            self._forgiving(system.unmount, place)
        self._forgiving(system.remove, self.function_path)
        self._unlink_all(path + "/os_desc")
        for config in self._below(path + "/configs"):
            self._unlink_all(config)
            self._remove_all(config + "/strings")
            self._forgiving(system.remove, config)
        self._remove_all(path + "/strings")
        for function in self._below(path + "/functions"):
            if not self._is_in_use(function, tries):
                self._forgiving(system.remove, function)
        if not self._below(path + "/functions"):
            self._forgiving(system.remove, path)

    def _is_in_use(self, function: str, tries: int) -> bool:
        """Whether to leave a function where it is: removing a serial one waits, beyond any signal and with all of
        configfs behind it, until nobody has its terminal open. With no tries every serial one counts as in use."""
        try:
            terminal = self._paths.console(int(self._system.read(function + "/port_num")))
        except (OSError, ValueError):
            return False
        for _ in range(tries):
            if not self._system.is_open(terminal):
                return False
            self._system.wait(_PAUSE_S)
        return True

    def _let_go(self) -> None:
        # Not bound (any more: the kernel does it when a process dies) is ENODEV.
        if self.bound:
            self._forgiving(self._system.write, self._path + "/UDC", "\n")

    def _mounts(self) -> list:
        """Where the FunctionFS of this gadget is mounted, the latest first (proc(5), mountinfo)."""
        found = []
        for line in self._system.read(self._paths.mounts).splitlines():
            fields, _, source = line.partition(" - ")
            if source.split(" ")[:2] == ["functionfs", self._name]:
                found.append(_unescaped(fields.split(" ")[4]))
        return found[::-1]

    def _below(self, path: str) -> list:
        return ["%s/%s" % (path, name) for name in self._system.names(path)]

    def _unlink_all(self, path: str) -> None:
        for place in self._below(path):
            if self._system.is_link(place):
                self._forgiving(self._system.unlink, place)

    def _remove_all(self, path: str) -> None:
        for place in self._below(path):
            if self._system.is_folder(place):
                self._forgiving(self._system.remove, place)

    # Errors

    def _forgiving(self, operation, *arguments) -> None:
        """What is gone already need not be removed."""
        try:
            operation(*arguments)
        except OSError as error:
            if error.errno not in _GONE:
                raise

    def _attempt(self, what: str, operation, *arguments):
        try:
            return operation(*arguments)
        except OSError as error:
            why = _SENTENCES.get(error.errno) or error.strerror
        raise Refused("cannot %s on USB: %s" % (what, why))


def _unescaped(text: str) -> str:
    for code in ("040", "011", "012", "134"):
        text = text.replace("\\" + code, chr(int(code, 8)))
    return text
