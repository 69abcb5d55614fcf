"""The kernel's own USB disk, f_mass_storage, as the peer that a board is compared with."""

from pathlib import Path

from tests.vm.lib import bus, shell

PRODUCT = "Kernel disk"
_GADGETS = Path("/sys/kernel/config/usb_gadget")


class KernelGadget:
    """A disk on the file or block device `image`, plugged into the controller `udc` inside of a `with`."""

    def __init__(self, image, udc: str = "dummy_udc.0", product: str = PRODUCT):
        self._image = image
        self._udc = udc
        self.product = product
        self._path = _GADGETS / "kernel-disk"
        self._function = self._path / "functions/mass_storage.0"

    def __enter__(self) -> bus.Disk:
        shell.load("usb_f_mass_storage")
        for folder in ("", "strings/0x409", "configs/c.1", "functions/mass_storage.0"):
            (self._path / folder).mkdir()
        for name, value in (
            ("idVendor", "0x1d6b"),
            ("idProduct", "0x0104"),
            ("strings/0x409/serialnumber", "0123456789AB"),
            ("strings/0x409/product", self.product),
            ("functions/mass_storage.0/lun.0/removable", "0"),
            ("functions/mass_storage.0/lun.0/file", self._image),
        ):
            shell.write(self._path / name, value)
        (self._path / "configs/c.1/disk").symlink_to(self._function)
        shell.write(self._path / "UDC", self._udc)
        return bus.wait_for_medium(self.product)

    def __exit__(self, *_) -> None:
        shell.write(self._path / "UDC", "\n")
        (self._path / "configs/c.1/disk").unlink()
        for folder in ("functions/mass_storage.0", "configs/c.1", "strings/0x409", ""):
            (self._path / folder).rmdir()
        bus.wait_until_gone(self.product)
