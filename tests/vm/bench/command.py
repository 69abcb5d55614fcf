"""`tests/vm/run`: from its arguments to the exit code."""

import secrets
import signal
import sys
import tempfile
from pathlib import Path

from tests.vm import child
from tests.vm.bench import checkout, initramfs, machine, needs
from tests.vm.bench.bytecode import Bytecode
from tests.vm.bench.settings import Settings
from tests.vm.bench.streams import Stream, pump_all
from tests.vm.errors import Refused
from tests.vm.root import cache

TOOK_TOO_LONG, DIED = 124, 125
HELP = """usage: tests/vm/run SCRIPT [ARGUMENT...]    runs a script of the checkout as root under a Debian kernel
       tests/vm/run --build                  only builds the guest's root, if it is not there

SCRIPT runs in a copy of the checkout. Its output streams out, its exit code is ours, and what it leaves in the
folder $OUT comes out into our $OUT, or into a temporary folder that is named when something is in it.
124: it took longer than VM_LIMIT_S. 125: the guest died, and its kernel's messages are shown; or it never started.

  VM_SUITE     bookworm (kernel 6.1, default) or trixie (6.12)
  VM_LIMIT_S   seconds until the machine is killed; 600
  VM_MEMORY    2G
  VM_CPUS      1; emulated, two are slower than one wherever processes wait for one another
  VM_DISKS     extra disks, for example "8G 1G": /dev/vda and /dev/vdb, empty
  VM_DISK_DIR  keeps them there as disk0.img, disk1.img: a later run finds what this one wrote
  VM_NET       listen:PORT in one machine and connect:PORT in another: a line between the two;
               user: reaches this machine as 10.0.2.2
  VM_ADDRESS   of the guest on that line, for example 10.0.0.1/24
  VM_HOSTFWD   with VM_NET=user, ways in, for example "tcp:127.0.0.1:7411-:7411"
"""


def main(arguments: list[str]) -> int:
    if arguments[:1] in ([], ["-h"], ["--help"]):
        print(HELP, end="")
        return 0 if arguments else 2
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup's wish is kept
            signal.signal(number, _interrupted)
    try:
        needs.check()
        settings = Settings()
        if arguments == ["--build"]:
            cache.take(settings.suite, say)
            return 0
        return _run(settings, [checkout.relative(arguments[0]), *arguments[1:]])
    except Refused as e:
        say(str(e))
        return DIED
    except BrokenPipeError:  # as in `run SCRIPT | head`
        return 128 + signal.SIGPIPE


def say(sentence: str) -> None:
    print("tests/vm/run: " + sentence, file=sys.stderr, flush=True)


def _interrupted(number, frame) -> None:
    """As an exception it undoes everything on its way out."""
    sys.exit(128 + number)


def _run(settings: Settings, command: list[str]) -> int:
    root, _ = cache.take(settings.suite, say)
    with tempfile.TemporaryDirectory(prefix="vm-") as folder:
        work = Path(folder)
        out = settings.out or Path(tempfile.mkdtemp(prefix="vm-out-"))
        machine.make_folder(out)
        try:
            return _boot(settings, root, work, out, command)
        finally:
            if settings.out is None:
                _tell(out)


def _tell(out: Path) -> None:
    if any(out.iterdir()):
        say("the script left files in %s" % out)
    else:
        out.rmdir()


def _boot(settings: Settings, root: Path, work: Path, out: Path, command: list[str]) -> int:
    mark = secrets.token_hex(8)
    bytecode = Bytecode(cache.folder(), settings.suite)
    initramfs.write(work / "initramfs", root / "initramfs", command, _variables(settings, mark), bytecode)
    machine.make_disks(settings, work)
    streams = [Stream(b"\0%s " % mark.encode(), target) for target in (1, 2)]
    ports = [stream.port for stream in streams]
    argv = machine.command(settings, root, work, out, ports)
    with open(work / "qemu", "w") as complaints:
        process = child.start(argv, stdout=complaints, stderr=complaints, pass_fds=ports)
    try:
        for stream in streams:
            stream.close_port()
        in_time = pump_all(streams, settings.limit_s)
    finally:
        child.end(process)
    if in_time and streams[0].code is not None:
        return streams[0].code
    _show(work)
    if not in_time:
        say("the script took longer than VM_LIMIT_S=%d s, so the machine was killed" % settings.limit_s)
        return TOOK_TOO_LONG
    say("the guest died before the script ended; the lines above are what its kernel and QEMU said last")
    return DIED


def _variables(settings: Settings, mark: str) -> dict[str, str]:
    """What the guest's own scripts must know."""
    values = {"HOST_NAME": "bench", "ADDRESS": settings.address, "GATEWAY": "", "MARK": mark}
    return values | ({"GATEWAY": "10.0.2.2", "NAME_SERVER": "10.0.2.3"} if settings.net == "user" else {})


def _show(work: Path) -> None:
    for name in ("console", "qemu"):
        if (work / name).exists():
            lines = (work / name).read_text(errors="replace").splitlines()
            sys.stderr.write("".join("    %s\n" % line for line in lines[-200:]))
