"""`python3 -m tools.image --board NAME --out FILE`: builds the image of a card."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from firmware.errors import Refused
from tools.image import card, model, packages, root
from tools.image.toolbox import Toolbox


def main(argv: "list[str]") -> int:
    options = _parser().parse_args(argv)
    began = time.monotonic()

    def say(sentence: str) -> None:
        if options.progress:
            print("%4.0f s  %s" % (time.monotonic() - began, sentence), file=sys.stderr, flush=True)

    try:
        build(model.Model(options.board), Path(options.out), options.snapshot, say)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def build(kind: model.Model, out: Path, snapshot: "str | None", say) -> None:
    box_root = packages.toolbox(snapshot, say)
    base = packages.take(kind, snapshot, box_root, say)
    work = Path(tempfile.mkdtemp(prefix=".work-", dir=packages.folder()))
    work.chmod(0o755)
    fresh = out.with_name(out.name + ".new")
    try:
        box = Toolbox(box_root, work, _epoch())
        say("the root: firmware, kernel, system")
        root.lay_out(kind, base, box, version())
        say("file systems, partitions, boot loader")
        card.write(kind, base, box, fresh)
        os.replace(fresh, out)
        say("%s is there" % out)
    finally:
        fresh.unlink(missing_ok=True)
        shutil.rmtree(work, ignore_errors=True)


def version() -> str:
    """That of the project, unless SOSIE_VERSION names another."""
    text = (model.CHECKOUT / "pyproject.toml").read_text()
    line = next(line for line in text.splitlines() if line.startswith("version = "))
    return os.environ.get("SOSIE_VERSION") or line.split('"')[1]


def _epoch() -> int:
    """Everything in an image has one time: that of the last commit, unless SOURCE_DATE_EPOCH says another."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    argv = ["git", "-C", str(model.CHECKOUT), "log", "-1", "--format=%ct"]
    done = subprocess.run(argv, capture_output=True, text=True)
    return int(done.stdout) if done.returncode == 0 else int((model.CHECKOUT / "pyproject.toml").stat().st_mtime)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m tools.image", description=__doc__)
    parser.add_argument("--board", required=True, help="a folder of board/models: " + ", ".join(model.names()))
    parser.add_argument("--out", required=True, help="the file to write")
    parser.add_argument("--snapshot", help="packages as they were at this moment, such as 20251101T000000Z")
    parser.add_argument("--progress", action="store_true", help="say what is done, on stderr")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
