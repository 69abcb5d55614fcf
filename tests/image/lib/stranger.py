"""Somebody who is not the other board at the port of the link."""

import socket
import ssl
import subprocess
from pathlib import Path


def is_answered(port: int, version=None, certificate: tuple[str, str] | None = None) -> bool:
    """Whether a byte comes back, for one with at most this version of TLS, and this certificate and key or none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.maximum_version = version
    if certificate:
        context.load_cert_chain(*certificate)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as plain:
            with context.wrap_socket(plain) as secure:
                secure.sendall(b"hello")
                return bool(secure.recv(1))
    except (ssl.SSLError, ConnectionError):
        return False


def forge(folder: Path, name: str) -> tuple[str, str]:
    """Files with a certificate that says it is that board's, and its key."""
    paths = tuple(str(folder / file) for file in ("forged.crt", "forged.key"))
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    argv += ["-subj", "/CN=" + name, "-out", paths[0], "-keyout", paths[1]]
    subprocess.run(argv, check=True, capture_output=True)
    return paths
