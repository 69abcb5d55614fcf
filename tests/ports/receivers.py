"""Receivers of alerts on this machine: a mail server, an HTTP sink, syslog listeners. Real ones, that misbehave on
request."""

import datetime
import http.server
import ipaddress
import json
import socket
import ssl
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "board@x.example", "a password, with: signs @ and spaces"


def certificate(folder, host="127.0.0.1", days=30, began_days=1) -> "tuple[str, str]":
    """(certificate, key) files of a server that goes by the address `host`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a receiver")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=began_days))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = str(folder / ("%s.%d.crt" % (host, days))), str(folder / ("%s.%d.key" % (host, days)))
    with open(paths[0], "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    with open(paths[1], "wb") as file:
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file.write(key.private_bytes(serialization.Encoding.PEM, *form))
    return paths


def server_context(paths) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*paths)
    return context


class Mail:
    """`mails`: (sender, receivers, content, whether it came over TLS, who had logged in). `refuses`: receivers it does
    not know; `busy`: it takes nothing for now."""

    def __init__(self, paths=None, inside_tls=False, login=False):
        self.mails = []
        self.refuses = []
        self.busy = False
        self.logins = 0
        options = {"auth_required": login, "authenticator": self._judge, "auth_require_tls": paths is not None}
        if paths is not None and inside_tls:
            options["ssl_context"] = server_context(paths)
            options["auth_require_tls"] = False  # it counts STARTTLS only
        elif paths is not None:
            options["tls_context"] = server_context(paths)
            options["require_starttls"] = True
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=60, **options)
        self._controller.start()

    def _judge(self, server, session, envelope, mechanism, data):
        self.logins += 1
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False, auth_data=USER if right else None)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuses:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.busy:
            return "451 4.3.0 later"
        over_tls = session.ssl is not None
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content, over_tls, session.auth_data))
        return "250 OK"

    def end(self):
        self._controller.stop()


class Web:
    """`requests`: (method, path, headers, body). `answers`: what the next ones get, a status or a function of the
    handler; 200 when there is none left."""

    def __init__(self, paths=None):
        self.requests = []
        self.answers = []
        self.open = threading.Event()
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                sink.requests.append((self.command, self.path, dict(self.headers), body))
                answer = sink.answers.pop(0) if sink.answers else 200
                if callable(answer):
                    answer(self)
                    return
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if paths is not None:
            self._server.socket = server_context(paths).wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def notices(self) -> list:
        return [json.loads(body) for _, _, _, body in self.requests]

    def events(self, condition=None) -> list:
        """What was told, in order."""
        told = [each for each in self.notices() if condition in (None, each["condition"])]
        return [each["event"] for each in told]

    def end(self):
        self._server.shutdown()
        self._server.server_close()


def redirect(target: str, status: int = 307):
    def answer(handler):
        handler.send_response(status)
        handler.send_header("Location", target)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def hang(handler):
    """Says nothing until the other end has gone."""
    handler.connection.settimeout(30)
    try:
        handler.connection.recv(1)
    except OSError:
        pass


def drip(handler):
    """An answer that never ends."""
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-A: ")
        while True:
            handler.wfile.write(b"a")
            handler.wfile.flush()
            time.sleep(0.02)
    except OSError:
        pass


def endless(piece: bytes, head: bytes = b""):
    """One that says this over and over."""

    def answer(handler):
        try:
            handler.wfile.write(head)
            while True:
                handler.wfile.write(piece * 100)
        except OSError:
            pass

    return answer


def nonsense(handler):
    handler.wfile.write(b"\x15\x03\x01 what do you want?\r\n" * 3)


class Log:
    """A syslog listener; `records` are as they came, `stray` what was no record of the wanted framing."""

    def __init__(self, tcp=False, paths=None):
        self.records = []
        self.stray = b""
        self._tcp = tcp
        self._context = None if paths is None else server_context(paths)
        kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        self._socket = socket.socket(socket.AF_INET, kind)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        if tcp:
            self._socket.listen()
        self._socket.settimeout(0.05)
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ended:
            try:
                if self._tcp:
                    self._take(self._socket.accept()[0])
                else:
                    self.records.append(self._socket.recv(65536))
            except (TimeoutError, ssl.SSLError, ConnectionError):
                pass

    def _take(self, caller):
        caller.settimeout(5)
        if self._context is not None:
            caller = self._context.wrap_socket(caller, server_side=True)
        data = b""
        with caller:
            while piece := caller.recv(65536):
                data += piece
        while data:
            length, space, rest = data.partition(b" ")
            if not length.isdigit() or not space or len(rest) < int(length):
                self.stray += data
                return
            self.records.append(rest[: int(length)])
            data = rest[int(length) :]

    def end(self):
        self._ended = True
        self._thread.join(5)
        self._socket.close()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
