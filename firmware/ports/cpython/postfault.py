"""What went wrong with a delivery, for a person."""

import http.client
import smtplib
import socket
import ssl

from ...errors import Undelivered
from .postjob import Job

_NAMES = {
    socket.EAI_AGAIN: "the name %s cannot be looked up now; is the network there?",
    socket.EAI_NONAME: "nobody knows the name %s",
}


def understood(error: Exception, job: Job, place) -> Undelivered:
    """What went wrong, for a person; nothing of what lets us in is in it."""
    if isinstance(error, Undelivered):
        return error
    if not job.in_time or isinstance(error, TimeoutError):
        return Undelivered("it did not answer in time")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Undelivered("its certificate cannot be trusted: %s" % error.verify_message)
    if isinstance(error, ssl.SSLError):
        return Undelivered("it does not speak TLS as it should (%s)" % (error.reason or "it hung up"))
    if isinstance(error, socket.gaierror):
        return Undelivered(_NAMES.get(error.errno, "the name %s is not found") % place.host)
    if isinstance(error, ConnectionRefusedError):
        return Undelivered("nobody listens at %s" % place.authority)
    if isinstance(error, (http.client.HTTPException, smtplib.SMTPServerDisconnected, ConnectionError)):
        return Undelivered("it hung up, or what answers there is something else")
    if isinstance(error, OSError) and error.strerror:
        return Undelivered("it is not reached: %s" % error.strerror)
    return Undelivered("this is a bug of the board: %s" % type(error).__name__)
