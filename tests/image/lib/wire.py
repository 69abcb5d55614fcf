"""Somebody on the board's own wire who sends frames by hand: finds every TCP port that answers, as an attacker would.

QEMU hands each frame over as one datagram of a Unix socket, so nothing of this machine's network is involved.
"""

import os
import socket
import struct
import time
from pathlib import Path

_OWN_MAC = bytes.fromhex("525400000077")
_EVERYBODY = b"\xff" * 6
_ARP, _IP, _TCP = 0x0806, 0x0800, 6
_SYN, _RST, _ACK = 2, 4, 16
_SOURCE_PORT = 51234
_AT_ONCE = 256  # more would overrun what the emulated network card can hold


class Wire:
    """`near` is our socket, `far` QEMU's. `address` is ours on the board's network."""

    def __init__(self, near: Path, far: Path, address: str = "10.0.2.77"):
        self._far = str(far)
        self._address = socket.inet_aton(address)
        near.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(near))
        self._macs: dict[bytes, bytes] = {}

    def close(self) -> None:
        self._socket.close()

    def scan(self, address: str, ports=range(1, 65536), tries: int = 10) -> dict[int, str]:
        """What became of each port: "open", "closed", or "silent" after several tries."""
        target, found = socket.inet_aton(address), {}
        self._find(target)
        for _ in range(tries):
            left = [port for port in ports if port not in found]
            for at in range(0, len(left), _AT_ONCE):
                batch = left[at : at + _AT_ONCE]
                for port in batch:
                    self._send_segment(target, port, _SYN)
                self._collect(target, set(batch), found)
        return {port: found.get(port, "silent") for port in ports}

    def _find(self, target: bytes) -> None:
        """Asks who has the address, until somebody says so."""
        deadline = time.monotonic() + 60
        while target not in self._macs:
            assert time.monotonic() < deadline, "nobody on the wire has the address " + socket.inet_ntoa(target)
            self._send_arp(1, _EVERYBODY, bytes(6), target)
            self._listen(lambda *_: None, 0.5, lambda: target in self._macs)

    def _collect(self, target: bytes, wanted: set[int], found: dict[int, str]) -> None:
        def segment(mac: bytes, port: int, flags: int, sequence: int) -> None:
            if mac == self._macs[target] and port in wanted:
                wanted.discard(port)
                found[port] = "open" if flags & _SYN else "closed"
                if flags & _SYN:
                    self._send_segment(target, port, _RST, sequence)

        self._listen(segment, 0.5, lambda: not wanted)

    def _listen(self, segment, quiet_s: float, done) -> None:
        """Takes frames until it is done, or none has come for a while."""
        self._socket.settimeout(quiet_s)
        while not done():
            try:
                frame = self._socket.recv(65536)
            except TimeoutError:
                return
            (kind,) = struct.unpack_from(">H", frame, 12)
            if kind == _ARP:
                self._take_arp(frame[14:])
            elif kind == _IP and frame[23] == _TCP and frame[30:34] == self._address:
                tcp = 14 + (frame[14] & 15) * 4
                source, own, _, acknowledged, _, flags = struct.unpack_from(">HHIIBB", frame, tcp)
                if own == _SOURCE_PORT:
                    segment(frame[6:12], source, flags, acknowledged)

    def _take_arp(self, packet: bytes) -> None:
        operation, mac, address, _, wanted = struct.unpack_from(">6xH6s4s6s4s", packet)
        self._macs[address] = mac
        if operation == 1 and wanted == self._address:
            self._send_arp(2, mac, mac, address)

    def _send_arp(self, operation: int, to: bytes, mac: bytes, address: bytes) -> None:
        packet = struct.pack(">HHBBH6s4s6s4s", 1, _IP, 6, 4, operation, _OWN_MAC, self._address, mac, address)
        self._send(to, _ARP, packet)

    def _send_segment(self, target: bytes, port: int, flags: int, sequence: int | None = None) -> None:
        number = int.from_bytes(os.urandom(4), "big") if sequence is None else sequence
        tcp = struct.pack(">HHIIBBHHH", _SOURCE_PORT, port, number, 0, 5 << 4, flags, 1024, 0, 0)
        pseudo = self._address + target + struct.pack(">HH", _TCP, len(tcp))
        tcp = tcp[:16] + struct.pack(">H", _checksum(pseudo + tcp)) + tcp[18:]
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, _TCP, 0, self._address, target)
        head = head[:10] + struct.pack(">H", _checksum(head)) + head[12:]
        self._send(self._macs[target], _IP, head + tcp)

    def _send(self, to: bytes, kind: int, packet: bytes) -> None:
        self._socket.sendto((to + _OWN_MAC + struct.pack(">H", kind) + packet).ljust(60, b"\0"), self._far)


def _checksum(data: bytes) -> int:
    """The Internet's (RFC 1071)."""
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
