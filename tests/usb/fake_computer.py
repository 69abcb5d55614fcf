"""A computer of cardboard with boards on USB: pyusb's devices, and the files of Linux that speak of them."""

from pathlib import Path

import usb.core

STATUS = (0xFF, 0x53, 0x01)
DISK = (0x08, 0x06, 0x50)
SERIAL = "0A0B0C0D0E0F10111213"


class Endpoint:
    def __init__(self, address):
        self.bEndpointAddress, self.wMaxPacketSize = address, 512


class Interface(list):
    def __init__(self, number, triple, ends=()):
        super().__init__(Endpoint(each) for each in ends)
        self.bInterfaceNumber = number
        self.bInterfaceClass, self.bInterfaceSubClass, self.bInterfaceProtocol = triple


class Device:
    """What usb.core.find gives. `answer`: bytes for the status request, or the errno that it fails with."""

    def __init__(self, address=4, triples=(DISK, STATUS, (2, 2, 1), (10, 0, 0)), answer=b"{}", serial=SERIAL):
        self.bus, self.address, self.speed, self.port_numbers = 1, address, 3, (2,)
        self.configuration = [Interface(number, triple, (0x81, 0x02) if triple == DISK else ())
                              for number, triple in enumerate(triples)]  # fmt: skip
        self.answer, self.requests = answer, []
        self.manufacturer, self.product, self.serial_number = "Sosie", "Sosie left", serial

    def __getitem__(self, number):
        return [self.configuration][number]

    def ctrl_transfer(self, *request):
        self.requests.append(request)
        answer = self.answer.pop(0) if isinstance(self.answer, list) else self.answer
        if isinstance(answer, int):
            raise usb.core.USBError("no", -1, answer)
        return memoryview(answer)[: request[4]]

    class _ctx:
        """For usb.util.dispose_resources."""

        @staticmethod
        def dispose(device):
            pass


class Files:
    """Writes the files that tools.usb.machine reads under `root`."""

    def __init__(self, root: Path):
        self.root = root
        self.write("proc/self/mountinfo", "21 1 8:90 / / rw shared:1 - ext4 /dev/root rw\n")
        self.write("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")
        self.folder("sys/bus/usb/devices")

    def folder(self, path):
        (self.root / path).mkdir(parents=True, exist_ok=True)

    def write(self, path, text=""):
        self.folder(Path(path).parent)
        (self.root / path).write_text(text)

    def add(self, path, text):
        with (self.root / path).open("a") as file:
            file.write(text)

    def board(self, port="1-2", address=4, disks=("sda", "sdb"), serial=SERIAL):
        device = "sys/bus/usb/devices/" + port
        for name, text in (("busnum", "1"), ("devnum", str(address)), ("manufacturer", "Sosie"),
                           ("product", "Sosie left"), ("serial", serial)):
            self.write("%s/%s" % (device, name), text + "\n")
        for lun, name in enumerate(disks):
            size = "2048\n" if not lun else "0\n"
            unit = "%s/%s:1.0/host6/target6:0:0/6:0:0:%d/block/%s" % (device, port, lun, name)
            self.write(unit + "/size", size)
            self.block(name, "8:%d" % (16 * lun))
        self.folder("sys/bus/usb/devices/%s:1.0" % port)
        self.write("dev/bus/usb/001/%03d" % address)

    def block(self, name, number, partition_of=None, holders=()):
        self.write("sys/class/block/%s/dev" % name, number + "\n")
        for holder in holders:
            self.folder("sys/class/block/%s/holders/%s" % (name, holder))
        self.write("dev/" + name)
        if partition_of:
            self.write("sys/block/%s/%s/partition" % (partition_of, name), "1\n")
        else:
            self.folder("sys/block/" + name)
