"""What MicroPython 1.25 lacks, found in the syntax tree of a firmware file.

`mpy-cross` finds syntax that it cannot compile; this finds names that compile and then fail on the board, and two
silent traps: `raise ... from` warns at run time, and an f-string beside a literal with braces is formatted as one.
"""

import ast
import io
import tokenize
from collections.abc import Iterator

PRESENT_MODULES = set(
    "array asyncio binascii cryptolib collections deflate errno ffi gc hashlib heapq io json machine math "
    "micropython os platform random re select socket struct sys time tls uctypes _thread".split()
)
# Optional modules: only inside `try: ... except ImportError`, with a way to do without.
OPTIONAL_MODULES = set("isal zlib zstandard typing".split())

ABSENT_NAMES = set(
    "FileNotFoundError FileExistsError IsADirectoryError NotADirectoryError PermissionError TimeoutError "
    "ConnectionError ConnectionResetError ConnectionRefusedError ConnectionAbortedError BrokenPipeError "
    "BlockingIOError InterruptedError ProcessLookupError ChildProcessError IOError EnvironmentError "
    "BufferError RecursionError ModuleNotFoundError UnicodeDecodeError UnicodeEncodeError Warning RuntimeWarning "
    "DeprecationWarning ascii format vars breakpoint aiter anext".split()
)
ABSENT_ATTRIBUTES = set(
    "bit_length bit_count is_integer tobytes cast toreadonly nbytes itemsize readonly ljust rjust zfill title "
    "isascii isalnum isdecimal isnumeric isidentifier removeprefix removesuffix expandtabs casefold swapcase "
    "capitalize format_map maketrans translate __dataclass_fields__".split()
)
ABSENT_MEMBERS = {
    "struct": {"Struct", "iter_unpack", "error"},
    "time": {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time"},
    "os": {"open", "read", "write", "pread", "pwrite", "fsync", "fdatasync", "path", "environ", "fork", "kill"},
    "socket": {"create_connection", "socketpair"},
    "sys": {"getsizeof", "exc_info", "intern", "flags"},
    "collections": {"Counter", "defaultdict", "ChainMap", "abc"},
}


def findings(source: str, everything: bool = True) -> list[str]:
    """Sentences `line N: what` about `source`; with everything=False the modules that it imports are not judged."""
    tree = ast.parse(source)
    found = list(_names(tree)) + list(_joined_literals(source))
    if everything:
        found += _imports(tree)
    return ["line %d: %s" % (line, what) for line, what in sorted(found)]


def _names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in ABSENT_NAMES:
            yield node.lineno, "MicroPython has no " + node.id
        elif isinstance(node, ast.Attribute) and node.attr in ABSENT_ATTRIBUTES:
            yield node.lineno, "MicroPython has no ." + node.attr
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in ABSENT_MEMBERS.get(node.value.id, ()):
                yield node.lineno, "MicroPython has no %s.%s" % (node.value.id, node.attr)
        elif isinstance(node, ast.Raise) and node.cause is not None and not _is_none(node.cause):
            yield node.lineno, "`raise ... from` prints a warning under MicroPython"
        elif isinstance(node, ast.FormattedValue) and node.conversion == ord("a"):
            yield node.lineno, "MicroPython has no !a conversion"


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _imports(tree: ast.AST) -> list[tuple[int, str]]:
    """Modules that MicroPython lacks, unless optional and inside `try` with an ImportError handler."""
    guarded = {id(inner) for node in ast.walk(tree) if _guards_import(node) for inner in ast.walk(node)}
    found = []
    for node in ast.walk(tree):
        for name in _imported(node):
            top = name.split(".")[0]
            if top in PRESENT_MODULES or top in ("firmware", "board"):  # directions.py says who may know them
                continue
            if top in OPTIONAL_MODULES and id(node) in guarded:
                continue
            optional = top in OPTIONAL_MODULES
            how = "import it inside try/except ImportError" if optional else "MicroPython has no such module"
            found.append((node.lineno, "import %s: %s" % (name, how)))
    return found


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module] if node.module and not node.level else []
    return []


def _guards_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Try) and any(
        isinstance(handler.type, ast.Name) and handler.type.id == "ImportError" for handler in node.handlers
    )


def _joined_literals(source: str) -> Iterator[tuple[int, str]]:
    """An f-string next to a plain literal with braces: MicroPython formats both together."""
    run: list[tuple[bool, bool]] = []  # for each literal of a run of adjacent ones: is an f-string, has braces
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        name = tokenize.tok_name[token.type]
        if name == "FSTRING_START":
            depth += 1
        elif name == "FSTRING_END":
            depth -= 1
            run.append((True, False))
        elif depth == 0 and name == "STRING":
            prefix = token.string[: token.string.index(token.string[-1])].lower()
            run.append(("f" in prefix, "{" in token.string or "}" in token.string))
        elif depth == 0 and name not in ("NL", "COMMENT"):
            if any(is_f for is_f, _ in run) and any(braces and not is_f for is_f, braces in run):
                yield token.start[0], "an f-string beside a literal with braces is formatted as one by MicroPython"
            run = []
