"""A board's page and API as somebody on the network has them: HTTPS with the pinned certificate, and a password."""

import base64
import http.client
import json
import ssl


class Surface:
    """What answers at `port` of this machine's loopback. Without a certificate any is taken; None as password: none."""

    def __init__(self, port: int, certificate: str | None, password: str | None):
        self._port = port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname = False
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        if certificate is None:
            self._context.verify_mode = ssl.CERT_NONE
        else:
            self._context.load_verify_locations(cadata=certificate)
        self._password = password

    def request(self, method: str, path: str, body=None, limit_s: float = 30.0) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=limit_s, context=self._context)
        headers = {"Content-Type": "application/json"}
        if self._password is not None:
            words = base64.b64encode(("sosie:" + self._password).encode()).decode()
            headers["Authorization"] = "Basic " + words
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def ask(self, method: str, path: str, body=None) -> dict:
        """The same, and it must be done."""
        code, answer = self.request(method, path, body)
        assert code == 200, "%s %s: %d %s" % (method, path, code, answer[:500])
        return json.loads(answer)

    def status(self) -> dict:
        return self.ask("GET", "/api/status")
