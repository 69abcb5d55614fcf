"""What is seen with a root shell in a booted image: sockets, processes, memory."""

from dataclasses import dataclass

from tests.image.lib.board import Board

_LOOPBACK = ("0100007F", "00000000000000000000000001000000")
_LISTEN = "0A"
_PROCESSES = r"""
cd /proc
for id in [0-9]*; do
    words=$(tr '\0' ' ' <$id/cmdline)
    [ -n "$words" ] && echo $(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p; s/^VmRSS:[ \t]*\([0-9]*\).*/\1/p' $id/status) $words
done 2>/dev/null
true
"""


@dataclass(frozen=True)
class Process:
    user: int
    resident_kib: int
    command: str


def listening(board: Board) -> tuple[set[int], set[int]]:
    """Ports of TCP and of UDP that are open for others than the board itself."""
    tcp = {port for state, port in _sockets(board, "tcp", "tcp6") if state == _LISTEN}
    return tcp, {port for _, port in _sockets(board, "udp", "udp6")}


def _sockets(board: Board, *tables: str) -> list[tuple[str, int]]:
    found = []
    for table in tables:
        for line in board.shell.run("cat /proc/net/" + table).splitlines()[1:]:
            words = line.split()
            address, port = words[1].split(":")
            if address not in _LOOPBACK:
                found.append((words[3], int(port, 16)))
    return found


def processes(board: Board) -> list[Process]:
    lines = [line.split(None, 2) for line in board.shell.run(_PROCESSES).splitlines()]
    return [Process(int(line[0]), int(line[1]), line[2].strip()) for line in lines if len(line) == 3]


def memory_in_use_mib(board: Board) -> int:
    """All that is not available to whoever asks for it next."""
    lines = (line.split() for line in board.shell.run("cat /proc/meminfo").splitlines())
    facts = {words[0]: int(words[1]) for words in lines}
    return (facts["MemTotal:"] - facts["MemAvailable:"]) >> 10


def firmware_kib(board: Board) -> int:
    """Memory of the firmware's process."""
    return max(each.resident_kib for each in processes(board) if "-m firmware" in each.command)


def replace(board: Board, path: str, data: bytes) -> None:
    """A file that is there gets another content, at once, and stays whose it was."""
    board.shell.put(path + ".test", data)
    board.shell.run("chown --reference=%s %s.test && chmod --reference=%s %s.test && mv %s.test %s" % ((path,) * 6))


def exposures(board: Board) -> dict[str, float]:
    """What systemd-analyze security says of our units: 0 is locked away, 10 may do everything."""
    report = board.shell.run("systemd-analyze security --no-pager", limit_s=400)
    lines = (line.split() for line in report.splitlines())
    return {words[0]: float(words[1]) for words in lines if words[0].startswith("sosie")}
