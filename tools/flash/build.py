"""Where the image comes from: built from Debian packages, or a file that was built before."""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from firmware.errors import Refused
from tools.flash.image import Image
from tools.flash.progress import Progress

CHECKOUT = Path(__file__).resolve().parents[2]


def model(board: "str | None"):
    """The kind of board; None when nobody said. Raises Refused for one that there is not, with what is missing."""
    if board is None:
        return None
    from tools.image.model import Model

    return Model(board)


def provide_programs(wanted) -> None:
    """What is missing on this computer is installed where that may be done; raises Refused otherwise."""
    purpose = "flash" if wanted.source or wanted.onto else "image"
    environment = dict(os.environ, PYTHON=sys.executable)
    if subprocess.run([str(CHECKOUT / ".ci/packages"), purpose], cwd=CHECKOUT, env=environment).returncode != 0:
        raise Refused("programs are missing here; the lines above say which")


@contextlib.contextmanager
def image(wanted, kind, progress: Progress):
    """The image that the options ask for, an Image; raises Refused."""
    if wanted.source:
        with contextlib.closing(Image(wanted.source)) as found:
            yield found
        return
    if wanted.onto:
        with _onto(wanted.onto, progress) as path, contextlib.closing(Image(path, keeps_signature=True)) as found:
            yield found
        return
    with _built(kind, wanted.snapshot, progress) as path, contextlib.closing(Image(path)) as found:
        yield found


@contextlib.contextmanager
def _onto(path: str, progress: Progress):
    from tools.flash.onto import lay
    from tools.image import __main__ as recipe
    from tools.image import packages

    progress.begin("Laying the firmware onto a copy of the image")
    with lay.image(path, packages.folder(), recipe.version(), progress.note) as copy:
        progress.end()
        yield copy


@contextlib.contextmanager
def _built(kind, snapshot: "str | None", progress: Progress):
    from tools.image import __main__ as recipe
    from tools.image import packages

    packages.folder().mkdir(parents=True, exist_ok=True)
    handle, path = tempfile.mkstemp(prefix=".flash-", suffix=".img", dir=packages.folder())
    os.close(handle)
    try:
        progress.begin("Building the image for %s" % kind.title)
        # Where it lies meanwhile is of no interest.
        recipe.build(kind, Path(path), snapshot, lambda said: None if path in said else progress.note(said))
        progress.end()
        yield path
    finally:
        os.unlink(path)
