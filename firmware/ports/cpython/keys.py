"""Keys, certificates and passwords: how they are made and compared. What a keys folder holds is in keyfolder.py."""

import datetime
import hashlib
import hmac
import re
import secrets
import ssl

from ...errors import Refused

YEARS_VALID = 10
_DAY = datetime.timedelta(days=1)
# 8 MiB and about 50 ms on a Raspberry Pi 4. A password that `sosie pair new` makes has 79 bits and would need none of
# this; one that a person chose does.
_N, _R, _P = 1 << 13, 8, 1
_MOST_MEMORY = 64 << 20
_MAX_PASSWORD = 1024
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none of which looks like another


def new_identity(name: str, now: "datetime.datetime | None" = None) -> "tuple[bytes, bytes]":
    """A new private key (PKCS#8) and its self-signed certificate, both PEM, for the board `name`.

    It is valid from a day before `now` (UTC, default: the clock), since clocks of boards are not exact, for 10 years.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    begin = (now or datetime.datetime.now(datetime.UTC)).replace(microsecond=0) - _DAY
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])
    builder = x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number(), begin,
                                      begin + (365 * YEARS_VALID + 3) * _DAY)
    for extension, critical in _extensions(key.public_key(), name):
        builder = builder.add_extension(extension, critical)
    certificate = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, certificate.public_bytes(pem)


def _extensions(public_key, name: str) -> list:
    from cryptography import x509

    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    both = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH, x509.ExtendedKeyUsageOID.CLIENT_AUTH])
    found = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage, True),
        (both, False),
        (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
    ]
    if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", name):  # others cannot be a host's name
        found.append((x509.SubjectAlternativeName([x509.DNSName(name)]), False))
    return found


def belong_together(key_pem: bytes, certificate_pem: bytes) -> bool:
    """Whether the certificate is this private key's. False also for what is neither."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    try:
        own = load_pem_private_key(key_pem, None).public_key().public_bytes(*form)
        return own == x509.load_pem_x509_certificate(certificate_pem).public_key().public_bytes(*form)
    except (ValueError, TypeError, UnicodeError):
        return False


def ders(pem: bytes) -> "list[bytes]":
    """The certificates in a PEM text, in its order; raises Refused when there is damage in it."""
    blocks = re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", pem, re.DOTALL)
    if len(blocks) != pem.count(b"-----BEGIN") or (not blocks and pem.strip()):
        raise Refused("there is something other than certificates in it")
    try:
        return [ssl.PEM_cert_to_DER_cert(block.decode("ascii")) for block in blocks]
    except ValueError:  # base64's and Unicode's are such
        raise Refused("a certificate in it is damaged")


def only_der(pem: bytes) -> bytes:
    """The one certificate in a PEM text; raises Refused when there is none or another thing."""
    found = ders(pem)
    if len(found) != 1:
        raise Refused("this is not one certificate")
    facts(found[0])
    return found[0]


def pem_of(der: bytes) -> bytes:
    """One certificate as PEM."""
    return ssl.DER_cert_to_PEM_cert(der).encode()


def fingerprint(der: bytes) -> str:
    """SHA-256 of a certificate, 64 hexadecimal digits."""
    return hashlib.sha256(der).hexdigest()


def facts(der: bytes) -> "tuple[str, datetime.datetime, datetime.datetime]":
    """(name, valid from, valid until) of a certificate; raises Refused when it is none that a board makes."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        certificate = x509.load_der_x509_certificate(der)
        names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        public_key = certificate.public_key()
        times = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except Exception:  # the library has many kinds for damage, TypeError too; and what is damaged comes from outside
        raise Refused("the certificate is damaged")
    if len(names) != 1 or not isinstance(public_key, ec.EllipticCurvePublicKey):
        raise Refused("the certificate is not one that a board makes")
    return (str(names[0].value),) + times


def valid_until(der: bytes) -> int:
    """Seconds since 1970 until which a certificate is good; raises Refused for what is none.

    facts() says the same by way of a library that a board loads only when it must.
    """
    try:
        fields = _inside(_inside(der))  # of the TBSCertificate, RFC 5280 4.1
        for _ in range(4 if fields[0] == 0xA0 else 3):  # version, serialNumber, signature, issuer
            fields = fields[_size(fields) :]
        validity = _inside(fields)
        until = validity[_size(validity) :]
        text = _inside(until).decode("ascii")
        form = "%y%m%d%H%M%SZ" if until[0] == 0x17 else "%Y%m%d%H%M%SZ"
        return int(datetime.datetime.strptime(text, form).replace(tzinfo=datetime.UTC).timestamp())
    except (IndexError, ValueError):
        raise Refused("the certificate is damaged")


def _inside(der: bytes) -> bytes:
    """The contents of the first element."""
    return der[_size(der) - _length(der)[0] : _size(der)]


def _size(der: bytes) -> int:
    """Bytes of the first element."""
    length, head = _length(der)
    return head + length


def _length(der: bytes) -> "tuple[int, int]":
    """(bytes of the contents, bytes in front of them)."""
    if der[1] < 0x80:
        return der[1], 2
    count = der[1] & 0x7F
    return int.from_bytes(der[2 : 2 + count], "big"), 2 + count


def new_password() -> str:
    """Sixteen letters and digits in four groups: 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def hash_password(password: str, salt: "bytes | None" = None) -> str:
    """The line that the file `password` of a keys folder holds."""
    salt = salt or secrets.token_bytes(16)
    return "scrypt$%d$%d$%d$%s$%s" % (_N, _R, _P, salt.hex(), _scrypt(password, salt, _N, _R, _P).hex())


def is_password(password: str, line: str) -> bool:
    """Whether `password` is the one of the line; takes as long when it is not. Raises Refused for a damaged line."""
    try:
        kind, n, r, p, salt, expected = line.strip().split("$")
        if kind != "scrypt":
            raise ValueError
        expected = bytes.fromhex(expected)
        found = _scrypt(password, bytes.fromhex(salt), int(n), int(r), int(p))
    except (ValueError, TypeError, OverflowError):  # as hashlib says that it does not like the numbers
        raise Refused("the file password of the keys folder is damaged; set a new one with `sosie pair password`")
    return len(expected) >= 16 and hmac.compare_digest(found, expected)


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    words = password.encode("utf-8", "surrogateescape")[:_MAX_PASSWORD]
    return hashlib.scrypt(words, salt=salt, n=n, r=r, p=p, maxmem=_MOST_MEMORY, dklen=32)
