"""A computer of cardboard: /sys and /proc as the kernel draws them, for disks that are not there."""

from pathlib import Path

from tools.flash.machine import SECTOR, Machine

BUSES = {
    "usb": "pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:0",
    "sata": "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0",
    "nvme": "pci0000:00/0000:01:00.0/nvme/nvme0",
    "mmc": "platform/fe340000.mmc/mmc_host/mmc0/mmc0:aaaa",
    "virtual": "virtual",
}
GIB = 1 << 30


class Computer(Machine):
    """Its own disk is /dev/sda (8:0) with / on sda2; more by disk()."""

    def __init__(self, root: Path):
        super().__init__(str(root))
        self._root = root
        self._numbers = {}
        self._mountinfo = []
        self._write("proc/swaps", "Filename Type Size Used Priority\n")
        self.disk("sda", "8:0", bus="sata", parts=2)
        self.mount("8:2", "/", "/dev/sda2")

    def number(self, path: str) -> "str | None":
        return self._numbers.get(path)

    def disk(self, name: str, number: str, size=32 * GIB, bus="usb", removable=True, parts=0, read_only=False,
             block_size=512, kind="SD", model="Ultra") -> str:
        """Puts a disk in; its partitions get the minor numbers that follow. Returns its path."""
        folder = "sys/devices/%s/block/%s" % (BUSES[bus], name)
        self._block(folder, name, number, size)
        self._write(folder + "/removable", "%d\n" % removable)
        self._write(folder + "/ro", "%d\n" % read_only)
        self._write(folder + "/queue/logical_block_size", "%d\n" % block_size)
        if bus != "virtual":
            self._write("sys/devices/%s/model" % BUSES[bus], model + "   \n")
            self._write("sys/devices/%s/type" % BUSES[bus], kind + "\n")
            (self._root / folder / "device").symlink_to(self._root / "sys/devices" / BUSES[bus])
        major, minor = number.split(":")
        for index in range(1, parts + 1):
            part = name + ("p" if name[-1].isdigit() else "") + str(index)
            number = "%s:%d" % (major, int(minor) + index)
            self._block(folder + "/" + part, part, number, size // (parts + 1))
            self._write("%s/%s/partition" % (folder, part), "%d\n" % index)
        return "/dev/" + name

    def hold(self, holder: str, held: str, label: str = "") -> None:
        """`holder` (dm-0, md0), which must be a disk here, is made of `held`."""
        for name, there, other in ((held, "holders", holder), (holder, "slaves", held)):
            link = (self._root / "sys/class/block" / name).resolve() / there
            link.mkdir(exist_ok=True)
            (link / other).symlink_to((self._root / "sys/class/block" / other).resolve())
        if label:
            self._write("sys/class/block/%s/dm/name" % holder, label + "\n")

    def mount(self, number: str, place: str, source: str) -> None:
        """As a line of mountinfo says it."""
        place = place.replace(" ", "\\040")
        self._mountinfo.append("36 35 %s / %s rw,noatime shared:1 - ext4 %s rw\n" % (number, place, source))
        self._write("proc/self/mountinfo", "".join(self._mountinfo))

    def swap(self, path: str) -> None:
        self._write("proc/swaps", "Filename Type Size Used Priority\n%s partition 1 0 -2\n" % path)

    def label(self, number: str, kind: str, label: str) -> None:
        """What udev found in a partition."""
        self._write("run/udev/data/b" + number, "S:x\nE:ID_FS_TYPE=%s\nE:ID_FS_LABEL=%s\n" % (kind, label))

    def back_loop(self, name: str, path: str) -> None:
        """The loop device, which must be a disk here, has `path` behind it."""
        self._write("sys/class/block/%s/loop/backing_file" % name, path + "\n")

    def _block(self, folder: str, name: str, number: str, size: int) -> None:
        self._write(folder + "/dev", number + "\n")
        self._write(folder + "/size", "%d\n" % (size // SECTOR))
        self._numbers["/dev/" + name] = number
        links = ["sys/dev/block/" + number, "sys/class/block/" + name]
        for link in links + ([] if (self._root / folder / "../dev").exists() else ["sys/block/" + name]):
            (self._root / link).parent.mkdir(parents=True, exist_ok=True)
            (self._root / link).symlink_to(self._root / folder)

    def _write(self, path: str, text: str) -> None:
        (self._root / path).parent.mkdir(parents=True, exist_ok=True)
        (self._root / path).write_text(text)
