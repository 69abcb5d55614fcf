"""Compiled Python files for the guest: an emulated processor takes seconds for what this machine does at once.

Kept between runs, and of use only if this machine's Python and the guest's are of one version.
"""

import importlib.util
import marshal
import os
import sys
from pathlib import Path

from tests.vm.root import recipe

FOLDERS = ("board/", "firmware/", "tools/")  # what several processes of a test import


class Bytecode:
    """Compiles what changed since the last run; `keep` at the end keeps it for the next one."""

    def __init__(self, cache: Path, suite: str):
        self._file = cache / ("bytecode-%d.%d" % sys.version_info[:2])
        self._useful = "%d.%d" % sys.version_info[:2] == recipe.PYTHON_OF[suite]
        self._old: dict[str, tuple[bytes, bytes]] = {}
        self._new: dict[str, tuple[bytes, bytes]] = {}
        try:
            self._old = marshal.loads(self._file.read_bytes()) if self._useful else {}
        except (OSError, ValueError, EOFError, TypeError):
            pass  # the first run, or one was killed here

    def of(self, name: str, path: Path) -> tuple[str, bytes] | None:
        """Name and content of the compiled file for this source file, which will lie in /checkout."""
        if not (self._useful and name.endswith(".py") and name.startswith(FOLDERS)):
            return None
        source, status = path.read_bytes(), path.stat()
        known, code = self._old.get(name, (None, b""))
        if known != source:
            try:
                code = marshal.dumps(compile(source, "/checkout/" + name, "exec", dont_inherit=True))
            except SyntaxError:
                return None  # half-written; the guest will say it
        self._new[name] = (source, code)
        folder, _, base = name.rpartition("/")
        header = importlib.util.MAGIC_NUMBER + bytes(4)
        header += (int(status.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little") + len(source).to_bytes(4, "little")
        return "%s/__pycache__/%s.%s.pyc" % (folder, base[:-3], sys.implementation.cache_tag), header + code

    def keep(self) -> None:
        if self._new and self._new != self._old:
            fresh = self._file.with_name(".%s-%d" % (self._file.name, os.getpid()))
            fresh.write_bytes(marshal.dumps(self._new))
            fresh.rename(self._file)
