"""What TLS costs on the link: the link alone (linkend.py), plain and with either cipher, beside `openssl`.

Every round runs every variant once, so that what disturbs, disturbs all alike. Bytes are random, hence not compressed.
"""

import json
import os
import select
import shutil
import statistics
import subprocess
import sys
import time

from tools.bench import proc
from tools.bench.fio import BenchError
from tools.bench.pair import PROJECT
from tools.bench.workspace import free_port

LIMIT_S = 60
CIPHERS = {"aes": "TLS_AES_128_GCM_SHA256", "chacha": "TLS_CHACHA20_POLY1305_SHA256"}
WAYS = (("plain", "plain"), ("aes", "AES-128-GCM"), ("chacha", "ChaCha20-Poly1305"))
ROWS = (
    ("fresh", "1 MiB groups, just written", 1 << 20, "near"),
    ("backlog", "1 MiB groups, a backlog", 1 << 20, "far"),
    ("small", "4 KiB groups, just written", 4 << 10, "near"),
)
PEER = "openssl s_client to s_server"


def run(place, plan, say):
    """[(row title, way title, results)]; results have bytes_per_s, give_s_per_mb, take_s_per_mb."""
    size = 64 << 20 if plan.rounds < 5 else 256 << 20
    data = place.image("tls.data", size)
    folders = make_keys(place)
    found = {}
    for number in range(plan.rounds):
        say("TLS, round %d of %d" % (number + 1, plan.rounds))
        for row in ROWS:
            for way, title in WAYS:
                found.setdefault((row[1], title), []).append(link(place, folders, data, size, row, way))
        for way, title in WAYS[1:] if shutil.which("openssl") else ():
            found.setdefault((PEER, title), []).append(openssl(place, folders[0], data, size, way))
    return [(row, way, results) for (row, way), results in found.items()]


def make_keys(place):
    """Folders of two boards that are paired."""
    from firmware.ports.cpython import keyfolder

    folders = [place.path(name + ".keys") for name in ("left", "right")]
    for folder, name in zip(folders, ("left", "right"), strict=True):
        keyfolder.make(folder, name)
    for folder, other in zip(folders, reversed(folders), strict=True):
        keyfolder.pair(folder, keyfolder.own_certificate(other))
    return folders


def link(place, folders, data, size, row, way):
    """One run of the link; raises BenchError."""
    _, _, group, where = row
    keys = ["-", "-"] if way == "plain" else folders
    port = str(free_port())
    taker = spawn(place, way, "take", port, keys[1])
    try:
        wait_for_listener(int(port), taker)
        giver = spawn(place, way, "give", port, keys[0], data, str(group), where)
        gave, took = (told(place, each) for each in (giver, taker))
    finally:
        place.end(taker)
    if way != "plain" and gave["cipher"] != CIPHERS[way]:
        raise BenchError("the link has taken %s, not %s" % (gave["cipher"], CIPHERS[way]))
    return result(size, gave["seconds"], gave["cpu_s"], took["cpu_s"])


def result(size, seconds, give_s, take_s):
    megabytes = size / 1e6
    return {"bytes_per_s": size / max(seconds, 1e-3), "give_s_per_mb": give_s / megabytes,
            "take_s_per_mb": take_s / megabytes}


def spawn(place, way, *words):
    return place.spawn("linkend", [sys.executable, "-m", "tools.bench.linkend", *words], cwd=PROJECT,
                       env=environment(way), stdout=subprocess.PIPE)


def environment(way):
    config = os.path.join(PROJECT, "firmware", "ports", "cpython", "openssl-%s.cnf" % way)
    return os.environ | ({} if way == "plain" else {"OPENSSL_CONF": config})


def told(place, process):
    try:
        return json.loads(process.communicate(timeout=LIMIT_S)[0])
    except (ValueError, subprocess.TimeoutExpired) as error:
        raise BenchError("an end of the link failed: %s" % place.last_words("linkend")) from error


def wait_for_listener(port, process):
    """Until somebody listens; nobody connects for that, since the first caller is the one that counts."""
    end = time.monotonic() + 10
    while time.monotonic() < end and process.poll() is None:
        if any(listens("/proc/net/" + table_, ":%04X" % port) for table_ in ("tcp", "tcp6")):
            return
        time.sleep(0.01)
    raise BenchError("the twin's end of the link does not listen")


def listens(path, ending):
    with open(path) as file:
        return any(words[1].endswith(ending) and words[3] == "0A" for words in map(str.split, file))


def openssl(place, folder, data, size, way):
    """The same bytes through OpenSSL's own programs."""
    port = str(free_port())
    how = ["-quiet", "-tls1_3", "-ciphersuites", CIPHERS[way]]
    key = ["-key", folder + "/own.key", "-cert", folder + "/own.crt"]
    # Each ends when its standard input does: the server's stays open until it is ended.
    server = program(place, ["openssl", "s_server", "-accept", port, *how, *key], subprocess.PIPE, subprocess.PIPE)
    ours = [server]
    try:
        wait_for_listener(int(port), server)
        with open(data, "rb") as source:
            begin = time.monotonic()
            client = program(place, ["openssl", "s_client", "-connect", "127.0.0.1:" + port, "-nocommands", *how],
                             source, subprocess.DEVNULL)
        ours.append(client)
        drained(server.stdout, size)
        seconds = time.monotonic() - begin
        return result(size, seconds, proc.cpu_seconds({client.pid}), proc.cpu_seconds({server.pid}))
    finally:
        for each in ours:
            place.end(each)


def program(place, argv, stdin, stdout):
    process = subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL, start_new_session=True)
    place.processes.append(process)
    return process


def drained(pipe, size):
    buffer, got = bytearray(1 << 20), 0
    while got < size:
        ready = select.select([pipe], [], [], LIMIT_S)[0]
        count = pipe.readinto1(buffer) if ready else 0
        if not count:
            raise BenchError("openssl s_server ended after %d of %d bytes" % (got, size))
        got += count


def table(rows):
    """Markdown: medians, and their ratios to the plain link."""
    plain = {row: _middle(results) for row, way, results in rows if way == WAYS[0][1]}
    lines = ["| row | over | MB/s | to plain | ms/MB here | ms/MB there | to plain |", "|---|---|---|---|---|---|---|"]
    for row, way, results in rows:
        middle, base = _middle(results), plain.get(row)
        speed = cpu = "–"
        if base:
            speed = "%.2f" % (middle["bytes_per_s"] / base["bytes_per_s"])
            cpu = "%.2f" % (_cpu(middle) / _cpu(base)) if _cpu(base) else "–"
        lines.append("| %s | %s | %.0f | %s | %.2f | %.2f | %s |" % (
            row, way, middle["bytes_per_s"] / 1e6, speed, middle["give_s_per_mb"] * 1e3,
            middle["take_s_per_mb"] * 1e3, cpu))
    return "\n".join(lines)


def _cpu(middle):
    return middle["give_s_per_mb"] + middle["take_s_per_mb"]


def _middle(results):
    return {key: statistics.median(each[key] for each in results) for key in results[0]}
