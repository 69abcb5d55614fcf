"""Every path in sysfs, configfs and /dev that the USB disk uses, below a root that tests replace."""


class Paths:
    """`root`: put in front of every path; "" is the machine itself."""

    def __init__(self, root: str = ""):
        self.configfs = root + "/sys/kernel/config"
        self.gadgets = self.configfs + "/usb_gadget"
        self.controllers = root + "/sys/class/udc"
        self.mounts = root + "/proc/self/mountinfo"
        self._functions = root + "/run/sosie/usb"
        self._devices = root + "/dev"

    def gadget(self, name: str) -> str:
        return "%s/%s" % (self.gadgets, name)

    def controller(self, name: str) -> str:
        return "%s/%s" % (self.controllers, name)

    def function(self, name: str) -> str:
        """Where the FunctionFS of the gadget `name` is mounted."""
        return "%s/%s" % (self._functions, name)

    def console(self, port: int) -> str:
        """The board's end of a serial function; the kernel counts them over all gadgets."""
        return "%s/ttyGS%d" % (self._devices, port)
