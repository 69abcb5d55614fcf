"""A fake kernel: configfs and FunctionFS in a folder, strict where the real one is.

What it holds to is what Linux does (tests/vm/gadget.py does the same things to a real one): attributes come and go
with their folder, a folder in use cannot be removed, a gadget binds only when it is complete.
"""

import os
import shutil
from errno import EBUSY, EEXIST, EFAULT, EINVAL, ENODEV, ENOENT, ENOTEMPTY, EOVERFLOW, EPERM
from pathlib import Path

from board.usb.paths import Paths
from board.usb.system import System

GADGET = "idVendor idProduct bcdDevice bcdUSB bDeviceClass bDeviceSubClass bDeviceProtocol UDC max_speed"
PORTS = 8


class Killed(BaseException):
    """The process was killed here."""


class FakeKernel(System):
    """`root`: an empty folder; `controllers`: names of UDCs. `killed_after`: so many changes are done, then Killed."""

    def __init__(self, root: Path, controllers=("dummy_udc.0",), configfs=True):
        self.root = root
        self.paths = Paths(str(root))
        self.killed_after = None
        self.changes = 0
        self.error = None  # every change fails with it
        self.loaded = []
        self.modules_there = True
        self.gadgets = Path(self.paths.gadgets)
        self.open_terminals = set()  # numbers of ports
        self.waited = 0
        self.owners = {}
        self.mount_options = {}
        self._mounts = []
        self._described = set()
        self.gadgets.parent.mkdir(parents=True)
        if configfs:
            self.gadgets.mkdir()
        Path(self.paths.mounts).parent.mkdir(parents=True)
        for name in controllers:
            folder = Path(self.paths.controller(name))
            folder.mkdir(parents=True)
            (folder / "function").write_text("\n")
        self._tell_mounts()

    # What a test does

    def describe(self, name: str) -> None:
        """The descriptors of a function are written to its ep0."""
        assert any(source == name for source, _ in self._mounts)
        self._described.add(name)

    def bind_mount(self, name: str, path: str) -> None:
        """A second place for a FunctionFS that is mounted."""
        assert any(source == name for source, _ in self._mounts)
        self._mounts.append((name, path))
        self._tell_mounts()

    def tree(self, name: str) -> dict:
        """Every attribute and link of a gadget, by its path."""
        top = self.gadgets / name
        found = {}
        for path in sorted(top.rglob("*")):
            place = str(path.relative_to(top))
            if path.is_symlink():
                found[place] = "-> " + os.path.relpath(os.readlink(path), top)
            elif path.is_file():
                found[place] = path.read_text()
            else:
                found[place + "/"] = ""
        return found

    def mounted(self) -> list:
        return list(self._mounts)

    # Operations of System

    def make(self, path):
        self._step()
        parts = self._parts(path)
        if os.path.isdir(path):
            raise _error(EEXIST)
        if not os.path.isdir(os.path.dirname(path)):
            raise _error(ENOENT)
        groups, attributes = self._contents(parts)
        os.mkdir(path)
        for group in groups:
            os.mkdir(os.path.join(path, group))
        if "os_desc" in groups:
            attributes = {**attributes, "os_desc/use": "0", "os_desc/b_vendor_code": "0x00", "os_desc/qw_sign": ""}
        for name, value in attributes.items():
            Path(path, name).write_text(value)

    def make_mount_point(self, path):
        self._step()
        super().make_mount_point(path)

    def remove(self, path):
        self._step()
        if not os.path.isdir(path):
            raise _error(ENOENT)
        if not path.startswith(str(self.gadgets)):
            if any(place == path for _, place in self._mounts):
                raise _error(EBUSY)
            os.rmdir(path)
            return
        groups, attributes = self._contents(self._parts(path))
        if self._links_to(path):
            raise _error(EBUSY)
        own = set(groups) | {name for name in attributes if "/" not in name}
        if set(os.listdir(path)) - own or any(self._holds(os.path.join(path, group)) for group in groups):
            raise _error(ENOTEMPTY)
        if "port_num" in own:
            assert int(Path(path, "port_num").read_text()) not in self.open_terminals, "this would hang for ever"
        if len(self._parts(path)) == 3 and path.split("/")[-1].startswith("ffs."):
            self._described.discard(path.rpartition("/ffs.")[2])
        shutil.rmtree(path)

    def link(self, target, path):
        self._step()
        gadget, kind = self._parts(path)[:2]
        if not os.path.isdir(target):
            raise _error(ENOENT)
        if os.path.lexists(path):
            raise _error(EEXIST)
        if not target.startswith(str(self.gadgets / gadget)) or kind not in ("configs", "os_desc"):
            raise _error(EINVAL)
        if self._udc(gadget) or (kind == "os_desc" and self._links(os.path.dirname(path))):
            raise _error(EBUSY)
        os.symlink(target, path)

    def unlink(self, path):
        self._step()
        gadget = self._parts(path)[0]
        if not os.path.islink(path):
            raise _error(EPERM)
        if self._udc(gadget):
            self._release(gadget)
        os.unlink(path)

    def write(self, path, text):
        self._step()
        if not os.path.isfile(path):
            raise _error(ENOENT)
        if path.endswith("/UDC"):
            self._write_udc(self._parts(path)[0], text.strip())
            return
        if not text:
            raise _error(EFAULT)
        if len(text.encode()) > 126:
            raise _error(EOVERFLOW)
        Path(path).write_text(text)

    def owner(self, path):
        return self.owners.get(path, 0) if os.path.isdir(path) else -1

    def give(self, path, uid, gid):
        self._step()
        self.owners[path] = uid

    def mount(self, kind, source, path, options=""):
        self._step()
        if kind == "configfs":
            if not self.modules_there:
                raise _error(EBUSY)
            self.gadgets.mkdir()
            return
        assert kind == "functionfs"
        if not list(self.gadgets.glob("*/functions/ffs." + source)):
            raise _error(ENOENT)
        if any(name == source for name, _ in self._mounts):
            raise _error(EBUSY)
        if not os.path.isdir(path):
            raise _error(ENOENT)
        self._mounts.append((source, path))
        self.mount_options[path] = options
        self._tell_mounts()

    def unmount(self, path):
        self._step()
        here = [mount for mount in self._mounts if mount[1] == path]
        if not here:
            raise _error(EINVAL)
        self._mounts.remove(here[-1])
        self._described.discard(here[-1][0])
        self._tell_mounts()

    def is_open(self, device):
        return device in [self.paths.console(port) for port in self.open_terminals]

    def wait(self, seconds):
        self.waited += seconds

    def load(self, modules):
        self.loaded += modules
        if self.modules_there and self.gadgets.parent.is_dir():
            self.gadgets.mkdir(exist_ok=True)

    # The rules

    def _step(self):
        if self.killed_after is not None and self.changes >= self.killed_after:
            raise Killed
        self.changes += 1
        if self.error:
            raise _error(self.error)

    def _parts(self, path):
        return Path(path).relative_to(self.gadgets).parts

    def _contents(self, parts):
        """(default groups, attributes with their first values) of a folder that may be made there."""
        if len(parts) == 1:
            return ("configs", "functions", "strings", "os_desc"), dict.fromkeys(GADGET.split(), "")
        if len(parts) == 3 and parts[1] == "configs" and parts[2].partition(".")[2].isdigit():
            return ("strings",), {"MaxPower": "2", "bmAttributes": "0x80"}
        if len(parts) == 3 and parts[1] == "strings":
            return (), dict.fromkeys(("manufacturer", "product", "serialnumber"), "")
        if len(parts) == 5 and parts[1] == "configs" and parts[3] == "strings":
            return (), {"configuration": ""}
        if len(parts) == 3 and parts[1] == "functions" and parts[2].startswith("acm."):
            return (), {"port_num": "%d\n" % self._port(parts)}
        if len(parts) == 3 and parts[1] == "functions" and "." in parts[2]:
            return (), {"ready": "0"}
        raise _error(EPERM if parts[-1] in ("configs", "functions", "strings", "os_desc") else EINVAL)

    def _port(self, parts):
        path = self.gadgets.joinpath(*parts, "port_num")
        if path.exists():
            return int(path.read_text())
        used = {int(place.read_text()) for place in self.gadgets.glob("*/functions/*/port_num")}
        free = [port for port in range(PORTS) if port not in used]
        if not free:
            raise _error(EBUSY)
        return free[0]

    def _holds(self, group):
        """Whether a default group has anything that somebody made."""
        if group.endswith("/os_desc"):
            return bool(self._links(group))
        return bool(os.listdir(group))

    def _links(self, path):
        return [name for name in os.listdir(path) if os.path.islink(os.path.join(path, name))]

    def _links_to(self, path):
        return [place for place in self.gadgets.rglob("*") if place.is_symlink() and os.readlink(place) == path]

    def _udc(self, gadget):
        return (self.gadgets / gadget / "UDC").read_text().strip()

    def _write_udc(self, gadget, wanted):
        if not wanted:
            if not self._udc(gadget):
                raise _error(ENODEV)
            self._release(gadget)
            return
        if self._udc(gadget):
            raise _error(EBUSY)
        if not os.path.isdir(self.paths.controller(wanted)):
            raise _error(ENODEV)
        holder = Path(self.paths.controller(wanted), "function")
        if holder.read_text().strip():
            raise _error(EBUSY)
        functions = [path.name for path in self.gadgets.glob(gadget + "/configs/*/*") if path.is_symlink()]
        if not functions:
            raise _error(EINVAL)
        if any(name.startswith("ffs.") and name[4:] not in self._described for name in functions):
            raise _error(ENODEV)
        (self.gadgets / gadget / "UDC").write_text(wanted + "\n")
        holder.write_text(gadget + "\n")

    def _release(self, gadget):
        Path(self.paths.controller(self._udc(gadget)), "function").write_text("\n")
        (self.gadgets / gadget / "UDC").write_text("\n")

    def _tell_mounts(self):
        lines = ["21 26 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw"]
        for number, (source, path) in enumerate(self._mounts):
            place = path.replace("\\", "\\134").replace(" ", "\\040")
            lines.append("%d 26 0:50 / %s rw,relatime shared:9 - functionfs %s rw" % (60 + number, place, source))
        Path(self.paths.mounts).write_text("\n".join(lines) + "\n")


def _error(number):
    return OSError(number, os.strerror(number))
