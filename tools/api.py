"""A small client of a board's web address (GET /api/status, POST /api/...), over HTTPS where the board has keys."""

import base64
import http.client
import json
import ssl
import time

from tools.errors import BoardError, Unreachable

DEFAULT_ADDRESS = "127.0.0.1:8080"
DEFAULT_PORT, DEFAULT_SECURE_PORT = 8080, 443
MAX_ANSWER = 1 << 20
_LOOPBACK = ("localhost", "::1")
_PIECE = 256 << 10
_MOST_PATIENCE_S = 5


def parse_address(address: str) -> "tuple[bool, str, int]":
    """`HOST`, `HOST:PORT`, `[IPV6]:PORT` or `http(s)://...` to (whether by HTTPS, host, port). Who writes no scheme
    means HTTP on this machine, HTTPS on all others, since there is nothing else there. Raises BoardError."""
    scheme, mark, bare = address.partition("://")
    scheme, bare = (scheme, bare.rstrip("/")) if mark else ("", address)
    host, colon, port = bare.rpartition(":")
    if not colon or bare.endswith("]"):
        host, port = bare, None
    host = host.removeprefix("[").removesuffix("]")
    secure = scheme == "https" or (not scheme and not is_this_machine(host))
    if port is None:
        port = str(DEFAULT_SECURE_PORT if secure else DEFAULT_PORT)
    if scheme not in ("", "http", "https") or not host or "/" in bare or not port.isdecimal() \
            or not 0 < int(port) < 65536:
        raise BoardError("%r is not a web address of a board; write it as HOST or https://HOST:PORT, for instance %s."
                         % (address, DEFAULT_ADDRESS))
    return secure, host, int(port)


def is_this_machine(host: str) -> bool:
    """Whether `host` is a loopback address, as it is written."""
    return host in _LOOPBACK or (host.startswith("127.") and host.replace(".", "").isdecimal())


def is_status(answer) -> bool:
    """Whether decoded JSON is a board's status."""
    return isinstance(answer, dict) and "state" in answer and "role" in answer


class Client:
    """One board, by its web address. Every call is a connection of its own, and raises Unreachable or BoardError.

    `pair`: the path of the pairing file that knows the board (tools/trust.py says what counts without it).
    """

    def __init__(self, address: str, timeout_s: float = 5.0, pair: "str | None" = None, trust=None):
        self.address = address
        self.secure, self.host, self.port = parse_address(address)
        self.timeout_s = timeout_s
        if trust is None:
            from tools.trust import Trust

            trust = Trust(pair)
        self._trust = trust

    @property
    def place(self) -> str:
        """Its address as Trust takes it, HOST:PORT."""
        return ("[%s]:%d" if ":" in self.host else "%s:%d") % (self.host, self.port)

    def status(self, language: str = "") -> dict:
        """The board's status (the JSON of GET /api/status), in its own language when none is named."""
        answer = self.get("/api/status" + _in(language))
        if not is_status(answer):
            raise Unreachable("What answers at %s is not a Sosie board." % self.address)
        return answer

    def events(self, language: str = "") -> list:
        """What happened, the oldest first: [{"id", "ms", "sentence"}]."""
        return self.get("/api/events" + _in(language))["events"]

    def live(self, language: str = ""):
        """Yields (event, content) of GET /api/live for as long as the board tells any: "status" at once and each
        second, "happened". Raises OSError and HTTPException when it breaks off, ValueError for what is no event."""
        connection = self._connection()
        try:
            connection.connect()
            headers = {"Authorization": self._authorization(connection)} if self.secure else {}
            connection.request("GET", "/api/live" + _in(language), None, headers)
            response = connection.getresponse()
            if response.status != 200:
                self._decode(response.status, response.read(MAX_ANSWER))
            yield from _events(response)
        finally:
            connection.close()

    def promote(self) -> dict:
        """Makes a twin the one that takes writes, by force; returns the board's report."""
        return self.post("/api/promote", {"force": True})

    def mark(self, name: str) -> int:
        """Names this point of the log; returns the group that it stands behind, once that is durable there."""
        return self.post("/api/mark", {"name": name})["group"]

    def update_state(self) -> dict:
        """How the board's update is: {"state", "sentence", "version", "slot"}."""
        return self.get("/api/update")

    def send_update(self, file, size: int, progress=None) -> dict:
        """Sends the `size` bytes of a binary file as an update; `progress(bytes)` after each piece."""
        self.update_state()  # who may not do this is told before a few hundred megabytes are on their way
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        return self._ask("POST", "/api/update", _pieces(file, progress), headers)

    def restart_into_update(self) -> dict:
        """Restarts the board into an update that is ready."""
        return self.post("/api/update/restart", {})

    def get(self, path: str) -> dict:
        """What the board answers to GET."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, content: dict) -> dict:
        """What the board answers to an action."""
        return self._ask("POST", path, json.dumps(content), {"Content-Type": "application/json"})

    def _ask(self, method: str, path: str, body, headers: dict) -> dict:
        patience_s = _MOST_PATIENCE_S
        while True:
            code, raw, again_s = self._ask_once(method, path, body, headers)
            if code != 429 or again_s > patience_s or not (body is None or isinstance(body, str)):
                return self._decode(code, raw)
            patience_s -= again_s
            time.sleep(again_s)

    def _ask_once(self, method: str, path: str, body, headers: dict) -> "tuple[int, bytes, float]":
        """(status, body, after how many seconds to ask again)."""
        connection = self._connection()
        met = False
        try:
            if self.secure:
                connection.connect()
                met = True
                headers = {**headers, "Authorization": self._authorization(connection)}
            try:
                connection.request(method, path, body, headers)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                if isinstance(body, str) or body is None:
                    raise  # else the board may have answered before it had all
            response = connection.getresponse()
            again = response.headers.get("Retry-After", "")
            return response.status, response.read(MAX_ANSWER), float(again) if again.isdecimal() else 1.0
        except TimeoutError:
            raise Unreachable("The board at %s does not answer in %g s." % (self.address, self.timeout_s)) from None
        except (ssl.SSLEOFError, ConnectionResetError):  # RemoteDisconnected is one as well
            raise Unreachable(self._hung_up(met)) from None
        except ssl.SSLError as error:
            if met:
                raise Unreachable("The board at %s broke off." % self.address) from None
            raise Unreachable("What answers at %s:%d does not speak TLS 1.3 (%s): is it a board with keys, and is that "
                              "its `web` address?" % (self.host, self.port, error.reason or error)) from None
        except http.client.HTTPException:
            raise Unreachable("What answers at %s is not a Sosie board%s." % (self.address, self._advice())) from None
        except OSError as error:
            raise Unreachable("No board answers at %s:%d (%s): is it running, and is that its `web` address?"
                              % (self.host, self.port, error.strerror or error)) from None
        finally:
            connection.close()

    def _hung_up(self, met: bool) -> str:
        """What to say of who ended a connection without an answer; `met`: after it had said who it is."""
        if met:
            return "The board at %s broke off." % self.address
        if self.secure:
            return ("What answers at %s hangs up: a board whose keys are damaged does so, and says on its console what "
                    "to do." % self.address)
        return "What answers at %s is not a Sosie board%s." % (self.address, self._advice())

    def _advice(self) -> str:
        return "" if self.secure else " without keys; try https://%s:%d" % (self.host, self.port)

    def _connection(self) -> http.client.HTTPConnection:
        if not self.secure:
            return http.client.HTTPConnection(self.host, self.port, timeout=self.timeout_s)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        # Certificates of boards are signed by themselves; Trust compares the one that is shown with what it knows.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout_s, context=context)

    def _authorization(self, connection: http.client.HTTPSConnection) -> str:
        """The header that logs in; the board proves who it is before it hears the password."""
        certificate = connection.sock.getpeercert(binary_form=True)
        password = self._trust.password(self.place, certificate)
        return "Basic " + base64.b64encode(("sosie:" + password).encode()).decode()

    def _decode(self, code: int, raw: bytes) -> dict:
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Unreachable("What answers at %s is not a Sosie board (HTTP %d)." % (self.address, code))
        if not 200 <= code < 300:
            raise BoardError(str(answer.get("error") or "The board at %s refused (HTTP %d)." % (self.address, code)))
        return answer


def _in(language: str) -> str:
    """The query for answers in that language."""
    return "?lang=" + language if language else ""


def _events(lines):
    """(event, content) of server-sent events, as a board sends them: each has both, on a line."""
    event = ""
    while line := lines.readline(MAX_ANSWER):
        word, _, rest = line.decode().rstrip("\r\n").partition(": ")
        if word == "event":
            event = rest
        elif word == "data":
            yield event, json.loads(rest)


def _pieces(file, progress):
    sent = 0
    while True:
        piece = file.read(_PIECE)
        if not piece:
            return
        yield piece
        sent += len(piece)
        if progress is not None:
            progress(sent)
