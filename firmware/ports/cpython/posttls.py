"""TLS of a delivery: as its plain connections (postjob.py), one that the job hears and can end."""

import ssl

from .postjob import Job, counted


def context(job: Job) -> ssl.SSLContext:
    """For a server whose certificate has to be one of those that are trusted, and its own."""
    return watched(job, ssl.create_default_context(cafile=job.trust))


def anybody(job: Job) -> ssl.SSLContext:
    """For a server on this machine, where nobody sits in between, and whose certificate is seldom made for that."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return watched(job, made)


def watched(job: Job, made: ssl.SSLContext) -> ssl.SSLContext:
    """The same one; its connections are the job's as those of connect() are, from the first byte of a handshake on."""

    class Watched(counted(job, ssl.SSLSocket)):
        def do_handshake(self, block=False):
            job.use(self)
            super().do_handshake(block)

    made.sslsocket_class = Watched
    return made
