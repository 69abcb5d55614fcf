"""Who may import whom, and who may know the runtime: the import directions of the design as a table."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
BOARD = ROOT / "board"

# Package of firmware -> what of firmware it may import. `log.layout` names one module, `log` the whole package.
COMMON = {"errors", "checksum"}
MAY_IMPORT = {
    "log": COMMON | {"log", "text"},
    "disk": COMMON | {"disk", "log"},
    "host": COMMON | {"host"},
    "link": COMMON | {"link", "log.layout", "log.span", "pair.identity"},
    "pair": COMMON | {"pair", "log.layout", "text"},
    "conf": COMMON | {"conf", "address", "alerts", "panel", "quantity", "schedule", "status.texts", "text"},
    "alerts": COMMON | {"alerts", "address", "api.actions", "httpd.answer", "log.layout", "quantity", "status"},
    "status": COMMON | {"status", "flatjson", "pair.identity", "text"},
    "console": COMMON | {"console", "address", "status", "text"},
    "httpd": COMMON | {"httpd", "text"},
    "api": COMMON | {"api", "address", "flatjson", "httpd", "quantity", "status", "text"},
}
# The pure logic knows no sockets, clocks, threads or files: these are arguments.
PURE_MODULES = {"array", "binascii", "collections", "deflate", "errno", "gc", "heapq", "io", "isal", "json", "math"}
PURE_MODULES |= {"micropython", "re", "struct", "sys", "typing", "hashlib", "zlib", "zstandard"}

# The composition root: these files wire the parts and may name the ports.
ROOT_FILES = {"__main__.py", "appliance.py", "bulkhead.py", "chronicler.py", "consoles.py", "herald.py"}
ROOT_FILES |= {"matchmaker.py", "media.py", "service.py", "surfaces.py", "website.py"}


# What of firmware a driver in board/ may import; files that put a piece of hardware together know the logic as well.
BOARD_MAY_IMPORT = {"errors", "ports", "whole"}
BOARD_ROOT_MAY_IMPORT = BOARD_MAY_IMPORT | {"bulkhead", "host", "log.ledger", "log.superblock", "link.frames"}
# The steward wires settings, media and surfaces, as the firmware's own composition root does.
_SURFACES = {"bulkhead", "consoles", "status", "website", "service"}
STEWARD_MAY_IMPORT = BOARD_MAY_IMPORT | _SURFACES | {"config", "log.superblock", "pair.identity"}
STEWARD = ("steward/", "settings.py")
PANEL_MAY_IMPORT = BOARD_MAY_IMPORT | {"status"}
BOARD_ROOT_FILES = {"usb/disk.py", "usb/legacy.py", "update/bundle.py"}


def package_of(path: Path) -> str:
    """"log" for firmware/log/ring.py, "" for a file that lies directly in firmware/."""
    parts = path.relative_to(FIRMWARE).parts
    return parts[0] if len(parts) > 1 else ""


def imports(path: Path, package: str = "firmware") -> list[tuple[int, str]]:
    """(line, absolute module name) of every import, at any depth; `from a import b` gives a.b."""
    inside = (package,) + path.relative_to(BOARD if package == "board" else FIRMWARE).parts[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, each.name) for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(inside[: len(inside) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            found += [(node.lineno, module + "." + each.name) for each in node.names]
    return found


def findings(path: Path) -> list[str]:
    """Sentences about imports of one firmware file that the table does not allow."""
    package, found = package_of(path), []
    for line, name in imports(path):
        top = name.split(".")[0]
        if top == "board" and _may_know_board(path, line):
            continue
        if top in ("tools", "tests", "board"):
            found.append("line %d: firmware must not import %s" % (line, name))
        elif top == "firmware":
            if package in MAY_IMPORT and not _allowed(name, MAY_IMPORT[package]):
                found.append("line %d: firmware/%s must not know %s" % (line, package, name))
            elif package != "ports" and path.name not in ROOT_FILES and name.startswith("firmware.ports"):
                found.append("line %d: only the composition root knows the ports" % line)
        elif package != "ports" and path.name != "__main__.py" and top not in PURE_MODULES:
            found.append("line %d: only ports and __main__ know the runtime, not %s" % (line, top))
    return found


def _may_know_board(path: Path, line: int) -> bool:
    """Only those that put the board together, and only when the hardware is wanted: inside a function."""
    at_top = {node.lineno for node in ast.parse(path.read_text()).body}
    return path in (FIRMWARE / "appliance.py", FIRMWARE / "surfaces.py") and line not in at_top


def board_findings(path: Path) -> list[str]:
    """The same for a file of board/, which may know the whole runtime of CPython."""
    place, found = str(path.relative_to(BOARD)), []
    allowed = BOARD_ROOT_MAY_IMPORT if place in BOARD_ROOT_FILES else BOARD_MAY_IMPORT
    if place.startswith(STEWARD):
        allowed = STEWARD_MAY_IMPORT
    if place.startswith("panel/"):
        allowed = PANEL_MAY_IMPORT
    for line, name in imports(path, "board"):
        top = name.split(".")[0]
        if top in ("tools", "tests", "logging"):
            found.append("line %d: board must not import %s" % (line, name))
        elif top == "firmware" and not _allowed(name, allowed):
            found.append("line %d: board/%s must not know %s" % (line, place, name))
    return found


def _allowed(name: str, allowed: set[str]) -> bool:
    inner = name.split(".")[1:]
    return any(inner[: len(each.split("."))] == each.split(".") for each in allowed)


def acts_at_import(path: Path) -> list[str]:
    """Statements at module level that do something: a module defines, it does not act."""
    quiet = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    quiet += (ast.Try, ast.If)
    found = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, quiet) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            continue
        found.append("line %d: acts at import" % node.lineno)
    return found
