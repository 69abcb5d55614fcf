"""Finds the sentences that the firmware makes for people: every literal that looks like one.

A sentence has three words at least and is no docstring, annotation or piece of a protocol. Whether a person ever sees
it is not to be found out from here; the files whose sentences only programs and logs read are named below.
"""

import ast
import re
from pathlib import Path

FOLDERS = ("firmware", "board")
# Whose sentences nobody reads in French: what goes to an NBD client, to who writes a program, or to a terminal, and
# what is in the texts already.
UNSEEN = (
    "firmware/api/actions.py", "firmware/api/chronicle.py", "firmware/api/dictionary.py", "firmware/api/keyroutes.py",
    "firmware/api/measures.py", "firmware/api/metrics.py", "firmware/api/plain.py", "firmware/console/commands.py",
    "firmware/console/console.py", "firmware/console/views.py", "firmware/flatjson.py", "firmware/host/",
    "firmware/httpd/", "firmware/status/chronicle/", "firmware/status/neighbour.py", "firmware/status/texts/",
    "firmware/__main__.py", "firmware/ports/cpython/aio.py", "firmware/ports/micropython/", "board/models/",
    "board/panel/card.py", "board/setup/", "board/update/backend.py", "board/update/boot.py", "board/update/grubenv.py",
    "board/update/rauc.py", "board/usb/prepare.py",
)  # fmt: skip
SEEN_AFTER_ALL = ("firmware/status/chronicle/chronicle.py",)
_NOT_FOR_PEOPLE = re.compile(r"usage: |text/|correct h|.*(\||\\n|\n|=\"|Content-|WWW-)|[A-Z][a-z]+\(|sosie-\w+: |[A-Z]")
_PLACE = re.compile(r"%[-0-9.]*[a-z]|\S*(@|://)\S*")
_WORD = re.compile(r"[A-Za-z]{2,}")


def literals(source: str) -> "list[tuple[int, str]]":
    """[(line, text)] of every literal that looks like a sentence."""
    tree = ast.parse(source)
    others = _documentation(tree) | _annotations(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in others:
            words = _WORD.findall(_PLACE.sub("", node.value))
            if len(words) >= 3 and " " in node.value and not _NOT_FOR_PEOPLE.match(node.value):
                found.append((node.lineno, node.value))
    return found


def _documentation(tree: ast.Module) -> set:
    found = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            found.add(id(body[0].value))
    return found


def _annotations(tree: ast.Module) -> set:
    found = set()
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if getattr(node, name, None) is not None:
                found |= {id(each) for each in ast.walk(getattr(node, name))}
    return found


def is_seen(place: str) -> bool:
    return place in SEEN_AFTER_ALL or not place.startswith(UNSEEN)


def all_literals(root: Path) -> "list[tuple[str, str]]":
    """[(file:line, text)] of all files whose sentences people read."""
    found = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            place = str(path.relative_to(root))
            if is_seen(place):
                found += [("%s:%d" % (place, line), text) for line, text in literals(path.read_text())]
    return found
