"""libiscsi's conformance tests against the SCSI layer: a pair of real boards, the first reached through the iSCSI
shim, and in the end the twin's disk is the first one's."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.clients.programs import PATH
from tests.scsi.boards import ROOT, TargetPair
from tests.scsi.expected import EITHER, FAILED, PASSED, SKIPPED, expected

LIMIT_S = 240
RECIPE = ROOT / "tests/micropython/interpreter"
# What a MicroPython board is asked: one suite for each kind of command; all of them would take minutes there.
SUITES = (
    "Inquiry Mandatory ModeSense6 TestUnitReady ReadCapacity16 ReportSupportedOpcodes Read6 Read10 Read16 Write10 "
    "Write16 WriteAtomic16 WriteSame16 CompareAndWrite OrWrite Verify16 Unmap Prefetch16"
).split()
_NOISE = "PERSISTENT RESERVE IN is not implemented"  # said after most suites: who might hold a reservation
_MEANT = ("Prin", "Prout")


def outcomes(said: str) -> dict[str, str]:
    """Suite.Test -> outcome, from what `iscsi-test-cu --verbose` wrote."""
    found = {}
    for suite in re.split(r"\n(?=Suite: )", said)[1:]:
        name = suite.split()[1]
        for test in re.split(r"\n  Test: ", suite)[1:]:
            skips = re.findall(r"\[SKIP\w*\].*", test)
            if not name.startswith(_MEANT):
                skips = [line for line in skips if _NOISE not in line]
            outcome = PASSED if not skips else SKIPPED
            if re.search(r"\n    1\. ", test):
                outcome = FAILED
            found["%s.%s" % (name, test.split()[0])] = outcome
    return found


def surprises(found: dict[str, str], removable: bool) -> list[str]:
    lines = []
    for name, outcome in found.items():
        wanted = expected(name, removable)
        if wanted not in (outcome, EITHER):
            lines.append("%s %s, and the table says %s" % (name, outcome, wanted))
    return lines


def ask(board, test: str) -> dict[str, str]:
    program = shutil.which("iscsi-test-cu", path=PATH)
    if program is None:
        pytest.skip("iscsi-test-cu is not installed")
    run = subprocess.run(
        [program, "--dataloss", "--ignore", "--verbose", "--test=" + test, board.url + "/0"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        timeout=LIMIT_S,
    )  # fmt: skip
    assert "Run Summary" in run.stdout, run.stdout[-3000:]  # else it did not come to the end
    return outcomes(run.stdout)


def check(tmp_path, tests: list[str], removable: bool, interpreter=(sys.executable,)) -> dict[str, str]:
    pair = TargetPair(tmp_path, interpreter, removable, disk_size="64M", journal_size="128M")
    try:
        pair.start()
        found: dict[str, str] = {}
        for test in tests:
            found |= ask(pair.left, test)
        pair.wait_drained(60)
        pair.left.stop()
        pair.right.stop()
        assert pair.left.image.read_bytes() == pair.right.image.read_bytes()
    finally:
        pair.end()
    lines = surprises(found, removable)
    assert not lines, "\n".join(lines)
    return found


def test_all_families(tmp_path):
    """With a removable medium, so that eject and load are tested too."""
    found = check(tmp_path, ["ALL"], removable=True)
    assert len(found) >= 230


def test_what_linux_asks(tmp_path):
    """The disk as a USB host sees it; the kernel's own gadget passes 128 of these."""
    found = check(tmp_path, ["LINUX"], removable=False)
    assert len(found) >= 155
    assert list(found.values()).count(PASSED) >= 140  # passed, not skipped


def test_under_micropython(tmp_path):
    run = subprocess.run([RECIPE], capture_output=True, text=True, timeout=300)
    if run.returncode:
        pytest.skip(run.stderr.strip().splitlines()[-1])
    interpreter = run.stdout.strip(), "-X", "heapsize=96M"
    found = check(tmp_path, ["LINUX." + suite for suite in SUITES], False, interpreter)
    assert len(found) >= 60


def test_the_table_is_read_well():
    said = (
        "\nSuite: One\n  Test: A ...passed\n  Test: B ...    [SKIPPED] not removable\npassed\n"
        "  Test: C ...    [FAILED] it said\nFAILED\n    1. file.c:3  - CU_FAIL(\"x\")    [SKIPPED] %s.\n\n"
        "Suite: Two\n  Test: D ...passed    [SKIPPED] %s.\n"
    ) % (_NOISE, _NOISE)
    assert outcomes(said) == {"One.A": PASSED, "One.B": SKIPPED, "One.C": FAILED, "Two.D": PASSED}
    assert surprises({"Read10.Simple": FAILED}, False) == ["Read10.Simple failed, and the table says passed"]
    assert surprises({"StartStopUnit.Simple": SKIPPED}, False) == []
    assert surprises({"StartStopUnit.Simple": SKIPPED, "MultipathIO.Simple": PASSED}, True) == [
        "StartStopUnit.Simple skipped, and the table says passed",
        "MultipathIO.Simple passed, and the table says skipped",
    ]
