"""The key that signs updates, and the certificate by which boards know it: it goes onto every card that is flashed."""

import datetime
import os

from tools.errors import BoardError

FOLDER = os.path.join("~", ".config", "sosie")
KEY, CERTIFICATE = "update.key", "update.crt"
# Boards do not look at its dates (they may not know the time); whoever else does should have no trouble for long.
YEARS = 30


def make(folder: str = FOLDER) -> str:
    """Makes key and certificate where there are none; returns the path of the certificate. Raises BoardError."""
    folder = os.path.expanduser(folder)
    key_path, certificate_path = paths(folder)
    if os.path.exists(key_path) and os.path.exists(certificate_path):
        return certificate_path
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        raise BoardError("Keys need the Python package cryptography (%s); `make venv` installs it." % error) from None
    try:
        if os.path.exists(key_path):
            with open(key_path, "rb") as file:
                key = serialization.load_pem_private_key(file.read(), None)
        else:
            key = ec.generate_private_key(ec.SECP256R1())
            pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption())  # fmt: skip
            os.makedirs(folder, 0o700, exist_ok=True)
            _write(key_path, pem, 0o600)
        _write(certificate_path, _certificate(key).public_bytes(serialization.Encoding.PEM), 0o644)
    except (OSError, ValueError) as error:
        raise BoardError("The key for updates cannot be made in %s (%s)." % (folder, error)) from None
    return certificate_path


def certificate(folder: str = FOLDER) -> "bytes | None":
    """The certificate in PEM; None when no key was made yet."""
    try:
        with open(paths(folder)[1], "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def paths(folder: str = FOLDER) -> "tuple[str, str]":
    """Of the key and of the certificate."""
    return tuple(os.path.join(os.path.expanduser(folder), name) for name in (KEY, CERTIFICATE))


def _certificate(key):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sosie updates")])
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)  # signatures only
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=365 * YEARS))
    builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(key, hashes.SHA256())


def _write(path: str, content: bytes, mode: int):
    file = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(file, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(file)
    os.rename(path + ".new", path)
