"""What /proc tells about a family of processes: processor time and memory."""
import os
import signal

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def _read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def _stat(pid):
    """Fields of /proc/PID/stat from the state on (field 3), [] when it is gone."""
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def family(pid):
    """Ids of a process and all that it started, directly or not."""
    found, todo = {pid}, [pid]
    while todo:
        parent = todo.pop()
        try:
            threads = os.listdir(f"/proc/{parent}/task")
        except OSError:
            continue
        for thread in threads:
            for child in _read(f"/proc/{parent}/task/{thread}/children").split():
                if int(child) not in found:
                    found.add(int(child))
                    todo.append(int(child))
    return found


def cpu_seconds(pids):
    """User and system time of processes so far, in seconds."""
    total = 0
    for pid in pids:
        fields = _stat(pid)
        if fields:
            total += int(fields[11]) + int(fields[12])
    return total * TICK_S


def busy_seconds():
    """Time that the processors of this machine spent on anything so far, in seconds."""
    user, nice, system, _, _, irq, soft_irq = (int(word) for word in _read("/proc/stat").split(None, 8)[1:8])
    return (user + nice + system + irq + soft_irq) * TICK_S


def memory_bytes(pids):
    """(PSS, RSS) summed over processes; PSS counts a shared page once among its sharers."""
    pss = rss = 0
    for pid in pids:
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                pss += int(line.split()[1]) * 1024
            elif line.startswith("Rss:"):
                rss += int(line.split()[1]) * 1024
    return pss, rss


def alive(pid):
    fields = _stat(pid)
    return bool(fields) and fields[0] not in "ZX"


def kill_left(pids):
    """Kill what should have ended with its parent."""
    for pid in pids:
        if alive(pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
