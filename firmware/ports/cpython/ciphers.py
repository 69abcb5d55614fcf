"""Which ciphers OpenSSL prefers. It is told by its configuration file, and has to be told before the process starts.

A Raspberry Pi up to the 4 has no instructions for AES, and ChaCha20 is several times faster there. Either side of a
connection may ask for it: the server of the link gives a client what that prefers in this respect.
"""

import os

_HERE = os.path.dirname(os.path.abspath(__file__))


def environment() -> dict:
    """What belongs into the environment of a board's process: the configuration that suits this processor."""
    name = "openssl-aes.cnf" if has_aes() else "openssl-chacha.cnf"
    return {"OPENSSL_CONF": os.path.join(_HERE, name)}


def has_aes(cpuinfo: str = "/proc/cpuinfo") -> bool:
    """Whether the processor has instructions for AES."""
    try:
        with open(cpuinfo) as file:
            lines = file.read().splitlines()
    except OSError:
        return False
    return any("aes" in line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features")))
