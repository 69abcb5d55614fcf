"""Boards with a keys folder: a page over TLS behind a password, and a link that trusts nobody yet."""

import base64
import contextlib
import http.client
import json
import socket
import ssl

from firmware.ports.cpython import keyfolder
from tests.process.boards import Board, Pair, free_port, wait_until

PASSWORD = "the password of these tests"


class KeyedBoard(Board):
    """Its keys come from a pairing file, or are its own, made here, with nobody pinned."""

    def __init__(self, folder, name, pair=None, **lines):
        self.keys = str(folder / (name + ".keys"))
        if pair is not None:
            pair.install(name, self.keys)
            self.password = pair.password
        else:
            keyfolder.make(self.keys, name)
            keyfolder.set_password(self.keys, PASSWORD)
            self.password = PASSWORD
        super().__init__(folder, name, keys=self.keys, **lines)

    def request(self, method, path, body=None, headers=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.keys + "/own.crt")
        connection = http.client.HTTPSConnection("127.0.0.1", self.web, timeout=30, context=context)
        login = base64.b64encode(b"x:" + self.password.encode()).decode()
        try:
            payload = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json", "Authorization": "Basic " + login} | (headers or {})
            connection.request(method, path, payload, {name: value for name, value in headers.items() if value})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    @property
    def peers(self) -> "list[bytes]":
        return keyfolder.peers(self.keys)

    @property
    def certificate(self) -> bytes:
        return keyfolder.own_certificate(self.keys)


class KeyedPair(Pair):
    """As Pair, with keys (of the pairing file, or none in common); as behind NAT, only the twin can be called."""

    def __init__(self, folder, pair=None, **lines):
        port = free_port()
        self.left = KeyedBoard(folder, "left", pair, role="primary", peer="127.0.0.1:%d" % port, **lines)
        self.right = KeyedBoard(folder, "right", pair, role="twin", listen="127.0.0.1:%d" % port, **lines)
        self.port = port

    def introduce(self) -> "KeyedPair":
        """Each pins the other, as flash.sh does it."""
        keyfolder.pair(self.left.keys, self.right.certificate)
        keyfolder.pair(self.right.keys, self.left.certificate)
        return self

    def wait_up(self, limit_s: float = 60.0) -> None:
        wait_until("the link is up", lambda: self.left.status()["link"]["state"] == "up", limit_s)


def talk(port: int, data: bytes, limit_s: float = 30.0) -> bytes:
    """What somebody at `port` answers to these bytes until it closes."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=limit_s) as stranger:
        stranger.sendall(data)
        try:
            while piece := stranger.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    return answer


def client_hello() -> bytes:
    """How every TLS caller begins, for one that says no more."""
    outgoing = ssl.MemoryBIO()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="x")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()
