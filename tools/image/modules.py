"""Which of the kernel's modules go into an image, with all that they need."""

import lzma
from pathlib import Path

from firmware.errors import Refused


class Modules:
    """The modules of one unpacked kernel. `wanted` are names, or folders of the kernel's tree with a / at the end."""

    def __init__(self, tree: Path):
        self.tree = tree
        self.version = tree.name
        paths = sorted(str(path.relative_to(tree)) for path in (tree / "kernel").rglob("*.ko*"))
        self._path_of = {_name(path): path for path in paths}
        built_in = (tree / "modules.builtin").read_text().split()
        self._built_in = {_name(path) for path in built_in}
        self._needs = _needs(tree)

    def closure(self, wanted: "list[str]") -> "list[str]":
        """Names in an order that they can be loaded in."""
        found: list[str] = []
        for word in wanted:
            for name in self._matching(word):
                self._add(name, found)
        return found

    def path(self, name: str) -> str:
        """Below the tree."""
        return self._path_of[name]

    def content(self, name: str) -> bytes:
        """Uncompressed."""
        return _content(self.tree / self._path_of[name])

    def _matching(self, word: str) -> "list[str]":
        if word.endswith("/"):
            names = [name for name, path in self._path_of.items() if path.startswith("kernel/" + word)]
        else:
            plain = word.replace("-", "_")
            names = [plain] if plain in self._path_of else []
            if plain in self._built_in:
                return []
        if not names:
            raise Refused("kernel %s has no module %s; correct the lists in board/models" % (self.version, word))
        return names

    def _add(self, name: str, found: "list[str]") -> None:
        if name in found or name in self._built_in or name not in self._path_of:
            return
        for need in self._needs.get(name, ()):
            self._add(need, found)
        found.append(name)


def _name(path: str) -> str:
    return path.rpartition("/")[2].partition(".ko")[0].replace("-", "_")


def _content(path: Path) -> bytes:
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()


def _needs(tree: Path) -> "dict[str, list[str]]":
    """From depmod's files: what is to be loaded before a module, in that order."""
    needs = {}
    for line in (tree / "modules.dep").read_text().splitlines():
        path, _, others = line.partition(":")
        needs[_name(path)] = [_name(other) for other in reversed(others.split())]
    for line in (tree / "modules.softdep").read_text().splitlines():
        words = line.partition("post:")[0].split()
        if words[:1] == ["softdep"] and "pre:" in words:
            needs.setdefault(words[1].replace("-", "_"), []).extend(_name(word) for word in words[3:])
    return needs
