"""Runs inside the guest: sg3-utils, the programs that people ask disks with, on the USB disk of a pair.

What they print is compared with what the disk is, and what they do to it with what it holds afterwards.
"""

import random
import re
import struct
import sys
import tempfile
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.vm.lib import bus, sgio, shell  # noqa: E402
from tests.vm.lib.boards import UsbPair, assert_same  # noqa: E402
from tests.vm.lib.checks import Checks  # noqa: E402

SIZE = 64 << 20
BLOCKS = SIZE // 512
MISCOMPARE, NOT_READY, ILLEGAL_REQUEST, INVALID_OPCODE = 14, 2, 5, 9  # exit codes of sg3-utils
ATTENTION = 0x06
DATA = random.Random(3)


def main(arguments: list[str]) -> int:
    checks = Checks(arguments)
    bus.lay(bus.SUPER)
    with UsbPair(disk_size="64M") as pair:
        disk = pair.disk()
        for check in ALL:
            checks.run(check, disk=disk)
        with checks.check("the twin has all of it"):
            pair.stop()
            assert_same(pair.left, pair.right)
    return checks.end()


def says(done, *patterns: str) -> None:
    """What a program printed matches every pattern; white space counts once."""
    text = re.sub(r"[ \t]+", " ", done.stdout)
    for pattern in patterns:
        assert re.search(pattern, text), "no %r in:\n%s" % (pattern, done.stdout)


def page(disk: bus.Disk, name: str):
    return shell.run("sg_vpd", "--page=" + name, disk.sg)


def who_it_is(disk):
    """sg_inq: an ordinary disk of a vendor"""
    says(
        shell.run("sg_inq", disk.sg), r"PQual=0", r"PDT=0|Device_type=0", r"RMB=0", r"version=0x06 +\[SPC-4\]|SPC-4",
        r"Vendor identification: SOSIE", r"Product identification: Mirrored disk", r"Unit serial number: [0-9A-F]{12}",
    )  # fmt: skip
    serial = shell.read(disk.usb / "serial")
    says(page(disk, "sn"), "Unit serial number: %s" % serial)
    says(page(disk, "di"), "SOSIE", serial, r"NAA", r"0x3[0-9a-f]{15}\b")


def what_it_can(disk):
    """sg_vpd: every page it lists, and the limits"""
    listed = page(disk, "sv")
    for name in ("sv", "sn", "di", "bl", "bdc", "lbpv"):
        says(listed, r"\[%s\]" % name)
        page(disk, name)
    says(
        page(disk, "bl"), r"compare and write length: 255 blocks", r"[Mm]aximum transfer length: 65536 blocks",
        r"Optimal transfer length granularity: 8 blocks", r"Optimal transfer length: 2048 blocks",
        r"Maximum unmap LBA count: (-1|[1-9])", r"Optimal unmap granularity: 8 blocks",
        r"Maximum atomic transfer length: 2048",
    )  # fmt: skip
    says(page(disk, "bdc"), r"Non-rotating medium")
    says(
        page(disk, "lbpv"), r"Unmap command supported \(LBPU\): 1", r"\(LBPWS\): 1", r"\(LBPWS10\): 1",
        r"\(LBPRZ\): 1", r"Provisioning type: (2|thin)",
    )  # fmt: skip
    says(
        shell.run("sg_readcap", "--long", disk.sg), r"lbpme=1", r"lbprz=1", r"Logical block length=512 bytes",
        r"physical block exponent=3", r"Lowest aligned LBA=0", r"Last LBA=%d " % (BLOCKS - 1),
    )  # fmt: skip
    says(shell.run("sg_readcap", disk.sg), r"Number of logical blocks=%d\b" % BLOCKS)


def its_modes(disk):
    """sg_modes: the write cache is on, FUA counts, and what may be changed"""
    says(shell.run("sg_modes", "--all", disk.sg), r"WP=0", r"DpoFua=1", r"Caching", r"Control", r"Informational")
    says(shell.run("sg_modes", "--page=8", disk.sg), r"00 08 12 04")
    says(shell.run("sg_modes", "--page=8", "--control=1", disk.sg), r"00 08 12 04")
    says(shell.run("sg_modes", "--page=0xa", "--control=1", disk.sg), r"00 0a 0a 00 00 08")
    shell.run("sg_modes", "--page=0x1f", disk.sg, codes=(ILLEGAL_REQUEST,))


def its_commands(disk):
    """sg_opcodes, sg_luns: they list what there is"""
    listed = shell.run("sg_opcodes", disk.sg)
    for name in ("Inquiry", "Read(10)", "Read(16)", "Write(16)", "Synchronize cache(16)", "Unmap", "Write same(16)",
                 "Compare and write", "Get LBA status", "Report supported operation codes", "Verify(10)"):  # fmt: skip
        says(listed, "(?i)" + re.escape(name))
    says(shell.run("sg_opcodes", "--opcode=0x9c", disk.sg, codes=None), r"(?i)write atomic")
    says(shell.run("sg_luns", disk.sg), r"Lun list length = 16", r"0000000000000000", r"0001000000000000")
    says(shell.run("sg_opcodes", "--opcode=0x04", disk.sg, codes=None), r"(?i)not supported")


def at_rest(disk):
    """sg_turs, sg_requests, sg_sync"""
    shell.run("sg_turs", "--number=3", disk.sg)
    says(shell.run("sg_requests", disk.sg), r"No [Ss]ense")
    shell.run("sg_sync", disk.sg)
    shell.run("sg_sync", "--16", "--lba=0", "--count=16", disk.sg)
    shell.run("sg_sync", "--16", "--lba=%d" % BLOCKS, "--count=1", disk.sg, codes=(ILLEGAL_REQUEST, 21, 22))
    assert sgio.command(disk.sg, struct.pack(">BBIBHB", 0x35, 0, BLOCKS, 0, 1, 0)).sense == (5, 0x21, 0)


def unmaps(disk):
    """sg_unmap: zeroes there and nowhere else, which sg_get_lba_status tells"""
    data = DATA.randbytes(64 * 512)
    sgio.write(disk.sg, 1024, data)
    shell.run("sg_sync", disk.sg)
    says(shell.run("sg_get_lba_status", "--lba=1024", disk.sg), r"mapped")
    shell.run("sg_unmap", "--lba=1032,1064", "--num=16,8", "--force", disk.sg)
    expected = bytearray(data)
    expected[8 * 512 : 24 * 512] = bytes(16 * 512)
    expected[40 * 512 : 48 * 512] = bytes(8 * 512)
    assert sgio.read(disk.sg, 1024, 64) == expected
    far = BLOCKS // 2
    says(shell.run("sg_get_lba_status", "--lba=%d" % far, disk.sg), r"deallocated")
    shell.run("sg_unmap", "--lba=%d" % (BLOCKS - 8), "--num=16", "--force", disk.sg, codes=(ILLEGAL_REQUEST, 21, 22))


def writes_same(disk):
    """sg_write_same: a block repeated, and with UNMAP zeroes"""
    with tempfile.NamedTemporaryFile() as file:
        block = DATA.randbytes(512)
        file.write(block)
        file.flush()
        shell.run("sg_write_same", "--16", "--in=" + file.name, "--lba=2048", "--num=300", disk.sg)
        assert sgio.read(disk.sg, 2047, 302) == bytes(512) + block * 300 + bytes(512)
        shell.run("sg_write_same", "--10", "--in=" + file.name, "--lba=2400", "--num=8", disk.sg)
        assert sgio.read(disk.sg, 2400, 9) == block * 8 + bytes(512)
    shell.run("sg_write_same", "--16", "--unmap", "--in=/dev/zero", "--xferlen=512", "--lba=2056", "--num=8", disk.sg)
    assert sgio.read(disk.sg, 2055, 10) == block + bytes(8 * 512) + block


def compares_and_writes(disk):
    """sg_compare_and_write: only what is as expected is replaced"""
    old, new = DATA.randbytes(8 * 512), DATA.randbytes(8 * 512)
    sgio.write(disk.sg, 4096, old)
    with tempfile.NamedTemporaryFile() as file:
        file.write(old + new)
        file.flush()
        words = ["sg_compare_and_write", "--in=" + file.name, "--lba=4096", "--num=8", "--xferlen=8192", disk.sg]
        shell.run(*words)
        assert sgio.read(disk.sg, 4096, 8) == new
        shell.run(*words, codes=(MISCOMPARE,))
        assert sgio.read(disk.sg, 4096, 8) == new


def writes_atomically(disk):
    """sg_write_x: 1 MiB as one atomic write, and not more"""
    data = DATA.randbytes(2048 * 512)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        shell.run("sg_write_x", "--atomic=0", "--16", "--in=" + file.name, "--lba=8192", "--num=2048", disk.sg)
        assert sgio.read(disk.sg, 8192, 2048) == data
    too_much = sgio.command(disk.sg, struct.pack(">BBQHHBB", 0x9C, 0, 8192, 0, 2049, 0, 0))
    assert too_much.sense == (5, 0x24, 0), too_much
    assert sgio.read(disk.sg, 8192, 2048) == data


def refuses(disk):
    """sg_format and garbage are refused, with the right sense"""
    shell.run("sg_format", "--format", "--quick", disk.sg, codes=(INVALID_OPCODE, ILLEGAL_REQUEST))
    answers = [
        (bytes([0x04, 0, 0, 0, 0, 0]), (5, 0x20, 0)),
        (bytes([0xFF]) + bytes(9), (5, 0x20, 0)),
        (struct.pack(">BBIBHB", 0x28, 0, BLOCKS, 0, 1, 0), (5, 0x21, 0)),
        (struct.pack(">BBIBHB", 0x28, 0x20, 0, 0, 1, 0), (5, 0x24, 0)),
        (struct.pack(">BBQIBB", 0x88, 0, 0, 65537, 0, 0), (5, 0x24, 0)),
    ]
    for cdb, sense in answers:
        found = sgio.command(disk.sg, cdb, 512)
        assert found.sense == sense and found.residue == 512, "%s: %s" % (cdb.hex(), found)


def protects(disk):
    """Software write protection by the control mode page"""
    sense = bytes([0x5A, 8, 0x0A, 0, 0, 0, 0, 0, 64, 0])
    protected = bytes(8) + b"\x0a\x0a\x02\0\x08\0\0\0\xff\xff\0\0"
    select = bytes([0x55, 0x10, 0, 0, 0, 0, 0, 0, len(protected), 0])
    assert sgio.command(disk.sg, select, send=protected).status == 0
    assert sgio.command(disk.sg, sense, 64).data[3] & 0x80, "WP is not set"
    write = sgio.command(disk.sg, struct.pack(">BBIBHB", 0x2A, 0, 0, 0, 1, 0), send=bytes(512))
    assert write.sense == (7, 0x27, 2) and write.residue == 512, write
    free = protected[:12] + b"\0" + protected[13:]
    assert sgio.command(disk.sg, select, send=free).status == 0
    assert not sgio.command(disk.sg, sense, 64).data[3] & 0x80, "WP is still set"
    sgio.write(disk.sg, 0, bytes(512))


def ejects(disk):
    """sg_prevent and sg_start: no eject while it is prevented, then no medium, then a changed one"""
    sgio.write(disk.sg, 100, b"\x11" * 512)
    shell.run("sg_prevent", "--prevent=1", disk.sg)
    says(shell.run("sg_start", "--eject", "--verbose", disk.sg, codes=(ILLEGAL_REQUEST,)), r"(?i)removal prevented")
    shell.run("sg_turs", disk.sg)
    shell.run("sg_prevent", "--allow", disk.sg)
    shell.run("sg_start", "--eject", disk.sg)
    shell.run("sg_turs", disk.sg, codes=(NOT_READY,))
    assert sgio.test_unit_ready(disk.sg).sense == (2, 0x3A, 0)
    assert sgio.command(disk.sg, struct.pack(">BBIBHB", 0x28, 0, 100, 0, 1, 0), 512).sense == (2, 0x3A, 0)
    shell.run("sg_start", "--load", disk.sg, codes=(0, ATTENTION))
    answers = [sgio.test_unit_ready(disk.sg).sense for _ in range(2)]
    assert answers[-1] is None and answers[0] in (None, (6, 0x28, 0)), answers
    assert sgio.read(disk.sg, 100, 1) == b"\x11" * 512


ALL = [who_it_is, what_it_can, its_modes, its_commands, at_rest, unmaps, writes_same, compares_and_writes,
       writes_atomically, refuses, protects, ejects]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
