"""One receiver of alerts."""

import binascii

from firmware import address

WEBHOOK, MAIL, PUSH, SYSLOG, PING = "webhook", "mail", "push", "syslog", "ping"
UDP, TCP, TLS, PLAIN, STARTTLS = "udp", "tcp", "tls", "plain", "starttls"
HIDDEN = "..."  # stands for what nobody is shown
_PORTS = {"http": 80, "https": 443}


class Place:
    """One receiver. `to` says who it is, without secrets; `key` is another for every other receiver, and the same when
    only what lets us in has changed. It is made of the path, too, which may be secret: it is not for others to see.

    host, port              of who is called
    way                     how: PLAIN, STARTTLS, TLS; syslog: UDP, TCP, TLS
    target                  of an HTTP request
    user, password, token   text or None: what lets us in
    sender, receivers       of mail
    every_ms                of a ping
    """

    def __init__(self, kind: str, way: str, host: str, port: int):
        self.kind = kind
        self.way = way
        self.host = host
        self.port = port
        self.target = ""
        self.user = None
        self.password = None
        self.token = None
        self.sender = ""
        self.receivers = ()
        self.every_ms = 0

    @property
    def name(self) -> str:
        """The key of board.conf that it stands behind."""
        return "alert_" + self.kind

    @property
    def authority(self) -> str:
        """HOST:PORT."""
        return address.text(("tcp", self.host, self.port))

    @property
    def to(self) -> str:
        if self.kind == MAIL:
            return "%s via %s" % (", ".join(self.receivers), self.authority)
        if self.kind == SYSLOG:
            return "%s:%s" % (self.way, self.authority)
        scheme = "https" if self.way == TLS else "http"
        place = address.text(("tcp", self.host, self.port))
        if self.port == _PORTS[scheme]:
            place = place[: -len(":%d" % self.port)]
        return "%s://%s/%s" % (scheme, place, HIDDEN if self.target != "/" else "")

    @property
    def key(self) -> str:
        whole = "\n".join((self.kind, self.way, self.authority, self.target, ",".join(self.receivers)))
        return "%s-%08x" % (self.kind, binascii.crc32(whole.encode()))
