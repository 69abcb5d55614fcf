"""The virtual machine: QEMU's command line."""

from pathlib import Path

from tests.vm.bench.settings import Settings
from tests.vm.errors import Refused

# The addresses of the two ends of a line between two machines. Either end may restart at any time, in any order,
# for the frames travel as datagrams.
_ENDS = {"listen": ("127.0.0.1", "127.0.0.2"), "connect": ("127.0.0.2", "127.0.0.1")}
# Warnings and worse go to the console. An oops is a panic, so that nothing passes on a kernel that is damaged.
_KERNEL = "console=ttyS0 quiet loglevel=5 oops=panic panic=-1 net.ifnames=0"
# Seconds less under emulation: no clocks probed, no defects of processors mended, no ciphers tested.
# A TSC that the kernel measured while others had the processor is wrong for good, up to seventyfold; the HPET is not.
_KERNEL += " clocksource=hpet no_timer_check mitigations=off random.trust_cpu=on cryptomgr.notests"
_KERNEL += " lsm= audit=0 init_on_alloc=0"


def command(settings: Settings, root: Path, work: Path, out: Path, ports: list[int]) -> list[str]:
    """`ports` are file descriptors that the guest's output comes out of, in the order of their numbers there."""
    argv = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    argv += ["-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max"]
    argv += ["-smp", settings.cpus, "-m", settings.memory, "-device", "virtio-rng-pci"]
    argv += ["-kernel", str(root / "vmlinux"), "-initrd", str(work / "initramfs"), "-append", _KERNEL]
    argv += ["-serial", "file:%s" % (work / "console")]
    for number, path in enumerate(disks(settings, work)):
        argv += _disk("disk%d" % number, path, "cache=writeback,discard=unmap")
    argv += _disk("root", root / "root.ext4", "readonly=on")
    argv += ["-device", "virtio-serial-pci"]
    for number, port in enumerate(ports, start=1):
        argv += ["-chardev", "file,id=port%d,path=/dev/fd/%d" % (number, port)]
        argv += ["-device", "virtserialport,nr=%d,chardev=port%d" % (number, number)]
    argv += ["-fsdev", "local,id=out,security_model=none,path=%s" % _escaped(out)]
    argv += ["-device", "virtio-9p-pci,fsdev=out,mount_tag=out"]
    return argv + _network(settings)


def disks(settings: Settings, work: Path) -> list[Path]:
    """Files of the extra disks, in the order of their names in the guest."""
    folder = settings.disk_dir.absolute() if settings.disk_dir else work
    return [folder / ("disk%d.img" % number) for number in range(len(settings.disks))]


def make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise Refused("%s cannot be made (%s); name a folder that you may write to" % (path, e.strerror))


def make_disks(settings: Settings, work: Path) -> None:
    """Files that are there keep their content, and their size."""
    for path, size in zip(disks(settings, work), settings.disks):
        make_folder(path.parent)
        if not path.exists():
            with open(path, "wb") as file:
                file.truncate(size)


def _disk(name: str, path: Path, how: str) -> list[str]:
    drive = "if=none,id=%s,format=raw,%s,file=%s" % (name, how, _escaped(path))
    return ["-drive", drive, "-device", "virtio-blk-pci,drive=%s,serial=%s" % (name, name)]


def _network(settings: Settings) -> list[str]:
    if not settings.net:
        return []
    role, _, port = settings.net.partition(":")
    if role == "user":
        net = "user,id=net" + "".join(",hostfwd=" + each for each in settings.hostfwd)
    else:
        own, other = _ENDS[role]
        net = "socket,id=net,localaddr=%s:%s,udp=%s:%s" % (own, port, other, port)
    last = list(_ENDS).index(role) + 1 if role in _ENDS else 3
    return ["-netdev", net, "-device", "virtio-net-pci,netdev=net,mac=52:54:00:00:00:0%d" % last]


def _escaped(path: Path) -> str:
    """QEMU's options are separated by commas."""
    return str(path).replace(",", ",,")
