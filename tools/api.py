"""A small client of a board's web address (GET /api/status, POST /api/...)."""

import http.client
import json

DEFAULT_ADDRESS = "127.0.0.1:8080"
DEFAULT_PORT = 8080
MAX_ANSWER = 1 << 20


class BoardError(Exception):
    """A board did not do what was asked; the message is one sentence for the operator."""


class Unreachable(BoardError):
    """Nobody, or nobody we know, answers at that address."""


def parse_address(address: str) -> "tuple[str, int]":
    """`HOST`, `HOST:PORT`, `[IPV6]:PORT` or `http://...` to (host, port); raises BoardError."""
    bare = address.removeprefix("http://").rstrip("/")
    host, colon, port = bare.rpartition(":")
    if not colon or bare.endswith("]"):
        host, port = bare, str(DEFAULT_PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host or "/" in bare or not port.isdecimal() or not 0 < int(port) < 65536:
        raise BoardError("%r is not a web address of a board; write it as HOST:PORT, for instance %s."
                         % (address, DEFAULT_ADDRESS))
    return host, int(port)


def is_status(answer) -> bool:
    """Whether decoded JSON is a board's status."""
    return isinstance(answer, dict) and "state" in answer and "role" in answer


class Client:
    """One board, by its web address. Every call is a connection of its own."""

    def __init__(self, address: str, timeout_s: float = 5.0):
        self.address = address
        self.host, self.port = parse_address(address)
        self.timeout_s = timeout_s

    def status(self) -> dict:
        """The board's status (the JSON of GET /api/status); raises Unreachable or BoardError."""
        answer = self._ask("GET", "/api/status", None)
        if not is_status(answer):
            raise Unreachable("What answers at %s is not a Sosie board." % self.address)
        return answer

    def promote(self) -> dict:
        """Makes a twin the one that takes writes, by force; returns the board's report."""
        return self._ask("POST", "/api/promote", {"force": True})

    def mark(self, name: str) -> int:
        """Names this point of the log; returns the group that it stands behind, once that is durable there."""
        return self._ask("POST", "/api/mark", {"name": name})["group"]

    def _ask(self, method: str, path: str, body: "dict | None") -> dict:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout_s)
        try:
            payload = None if body is None else json.dumps(body)
            headers = {} if body is None else {"Content-Type": "application/json"}
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            return self._decode(response.status, response.read(MAX_ANSWER))
        except TimeoutError:
            raise Unreachable("The board at %s does not answer in %g s." % (self.address, self.timeout_s)) from None
        except OSError as error:
            raise Unreachable("No board answers at %s:%d (%s): is it running, and is that its `web` address?"
                              % (self.host, self.port, error.strerror or error)) from None
        except http.client.HTTPException:
            raise Unreachable("What answers at %s is not a Sosie board." % self.address) from None
        finally:
            connection.close()

    def _decode(self, code: int, raw: bytes) -> dict:
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Unreachable("What answers at %s is not a Sosie board (HTTP %d)." % (self.address, code))
        if code != 200:
            raise BoardError(str(answer.get("error") or "The board at %s refused (HTTP %d)." % (self.address, code)))
        return answer
