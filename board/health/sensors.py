"""What the kernel tells of the board's own sensors, in /sys. Every path begins with a root that tests replace.

    /sys/class/thermal/thermal_zone*/{type,temp}     thousandths of a degree Celsius
    /sys/class/hwmon/hwmon*/{name,temp1_input}       the same, where there is no thermal zone
    /sys/class/hwmon/hwmon*/in0_lcrit_alarm          1: the Raspberry's supply gave less than 4.63 V lately (rpi_volt)
    /sys/block/mmcblk*/device/{life_time,pre_eol_info}   eMMC 5.0's estimate of its wear; SD cards do not have it

A sensor that is missing, or says nonsense, says nothing: None.
"""

import os

_PROCESSOR = ("cpu", "soc", "x86_pkg", "coretemp", "k10temp")
_COLDEST_C, _HOTTEST_C = -40, 150  # beyond that a sensor is broken, or none
_RASPBERRY = "rpi_volt"
# Of pre_eol_info: reserved blocks, 80 and 90 % used; it may be told where the estimate is not.
_USED_BLOCKS = {2: 80, 3: 90}


class Sensors:
    """Worker of a lane: reads them all. `path`: the journal, a device or a file, whose card it is about."""

    def __init__(self, path: str, root: str = "", number_of=None):
        self._sys = root + "/sys"
        self._path = path
        self._number_of = number_of or device_number

    def read(self) -> dict:
        """`temperature_c`, `under_voltage`, `card_percent`."""
        return {
            "temperature_c": self._temperature(),
            "under_voltage": self._under_voltage(),
            "card_percent": self._card_percent(),
        }

    # Temperature

    def _temperature(self) -> "float | None":
        zones = self._sensors("class/thermal", "thermal_zone", "type", "temp")
        zones = zones or self._sensors("class/hwmon", "hwmon", "name", "temp1_input")
        own = [degrees for name, degrees in zones if name.lower().startswith(_PROCESSOR)]
        degrees = own or [degrees for name, degrees in zones if name == "acpitz"]
        return max(degrees) if degrees else None

    def _sensors(self, folder: str, prefix: str, name: str, value: str) -> list:
        found = []
        for each in self._folders(folder, prefix):
            degrees = _number(read_text(each + "/" + value))
            if degrees is not None and _COLDEST_C <= degrees / 1000 <= _HOTTEST_C:
                found.append((read_text(each + "/" + name) or "", round(degrees / 1000, 1)))
        return found

    # Voltage

    def _under_voltage(self) -> "bool | None":
        for each in self._folders("class/hwmon", "hwmon"):
            if read_text(each + "/name") == _RASPBERRY:
                alarm = _number(read_text(each + "/in0_lcrit_alarm"))
                return None if alarm is None else alarm != 0
        return None

    # The card

    def _card_percent(self) -> "int | None":
        disk = self.whole_disk(self._path)
        if disk is None or not os.path.basename(disk).startswith("mmcblk"):
            return None
        estimates = [_number(word, 16) for word in (read_text(disk + "/device/life_time") or "").split()]
        percents = [estimate * 10 for estimate in estimates if estimate is not None and 1 <= estimate <= 11]
        reserve = _USED_BLOCKS.get(_number(read_text(disk + "/device/pre_eol_info"), 16))
        if reserve is not None:
            percents.append(reserve)
        return max(percents) if percents else None

    def whole_disk(self, path: str) -> "str | None":
        """The folder in /sys of the disk that `path`, a device or a file, lies on; None: it cannot be told."""
        number = self._number_of(path)
        if number is None:
            return None
        folder = os.path.realpath("%s/dev/block/%d:%d" % (self._sys, os.major(number), os.minor(number)))
        if os.path.exists(folder + "/partition"):
            folder = os.path.dirname(folder)
        return folder if os.path.isdir(folder) else None

    def _folders(self, folder: str, prefix: str) -> list:
        folder = self._sys + "/" + folder
        try:
            return [folder + "/" + name for name in sorted(os.listdir(folder)) if name.startswith(prefix)]
        except OSError:
            return []


def device_number(path: str) -> "int | None":
    """Of the block device at `path`, or of the one that the file lies on."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_rdev or stat.st_dev


def read_text(path: str) -> "str | None":
    """What a small file says; None when it cannot be read: a driver may answer EIO, or be gone by now."""
    try:
        with open(path, "rb") as file:
            return file.read(256).decode("ascii", "replace").strip()
    except OSError:
        return None


def _number(text: "str | None", base: int = 10) -> "int | None":
    try:
        return None if text is None else int(text, base)
    except ValueError:
        return None
