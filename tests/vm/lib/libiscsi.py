"""iscsi-test-cu, libiscsi's conformance tests, by SCSI commands on a device node instead of iSCSI."""

from pathlib import Path

from tests.scsi.test_conformance import outcomes
from tests.vm.lib import shell

_LIMIT_S = 1200


def run(device: str, test: str, log: Path) -> dict[str, str]:
    """What became of the tests that `test` names ("LINUX", "LINUX.Read10"...), which write wherever they like.

    All that they say is added to the file `log` while they run.
    """
    command = 'exec stdbuf -oL iscsi-test-cu --dataloss --ignore --verbose "--test=$1" "$2" >>"$3" 2>&1'
    before = log.stat().st_size if log.exists() else 0
    shell.run("sh", "-c", command, "sh", test, device, log, codes=None, limit_s=_LIMIT_S)
    said = log.read_text(errors="replace")[before:]
    assert "Run Summary" in said, "it did not come to its end:\n" + said[-3000:]
    return outcomes(said)
