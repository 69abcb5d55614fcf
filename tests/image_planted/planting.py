"""An image with a planted bug: files of its firmware that say something else."""

import subprocess
from pathlib import Path

from tests.image.lib.bundles import CODE
from tests.image.lib.card import Card
from tests.process.boards import ROOT

SLOT_A = 2


def plant(image: Path, folder: Path, changes: dict[str, list[tuple[str, str]]]) -> Path:
    """`changes`: file below the root of the checkout: (text, what stands there instead)."""
    planted = Card.copy(image, folder / "planted.img", image.stat().st_size)
    system = planted.extract(SLOT_A, folder / "planted.system")
    for number, (name, pairs) in enumerate(changes.items()):
        text = Path(ROOT, name).read_text()
        for old, new in pairs:
            assert text.count(old) == 1, "%s has %r %d times" % (name, old, text.count(old))
            text = text.replace(old, new)
        (folder / str(number)).write_text(text)
        replace(system, name, folder / str(number))
    planted.replace(SLOT_A, system)
    return planted.path


def replace(system: Path, name: str, source: Path) -> None:
    """And its bytecode goes, which nobody would compare with it."""
    path = "%s/%s" % (CODE, name)
    cache = "%s/__pycache__" % Path(path).parent
    listed = debugfs(system, "ls -p " + cache).splitlines()
    stale = [line.split("/")[5] for line in listed if line.count("/") > 5]
    stale = [each for each in stale if each.startswith(Path(name).stem + ".")]
    for request in ("rm " + path, "write %s %s" % (source, path), *("rm %s/%s" % (cache, each) for each in stale)):
        debugfs(system, request)
    assert debugfs(system, "cat " + path) == source.read_text()


def debugfs(system: Path, request: str) -> str:
    return subprocess.run(["debugfs", "-w", "-R", request, system], capture_output=True, text=True).stdout
