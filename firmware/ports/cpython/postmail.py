"""Letters by mail: SMTP with STARTTLS (RFC 3207) or inside TLS (RFC 8314), in the clear on this machine only."""

import smtplib
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from ...alerts.place import STARTTLS, TLS
from ...alerts.watch import CRITICAL
from ...errors import Undelivered
from . import posttls
from .posttext import lines, no_encoded_word, one_line

_READY = 220
_PERMANENT = 500


def deliver(job, place, letter) -> str:
    """The sentence about receivers that were refused while others were not; raises as postweb.deliver."""
    client = _Client(job, place)
    try:
        return _deliver(client, job, place, letter)
    except smtplib.SMTPException as error:
        raise _understood(error)
    finally:
        client.close()


def _deliver(client, job, place, letter) -> str:
    code, reply = client.connect(place.host, place.port)
    if code != _READY:
        raise smtplib.SMTPConnectError(code, reply)
    # An address is what RFC 5321 4.1.4 asks for where there is no name; to look for one may take a minute.
    own = client.sock.getsockname()[0]
    client.local_hostname = "[IPv6:%s]" % own if ":" in own else "[%s]" % own
    client.ehlo_or_helo_if_needed()
    if place.way == STARTTLS:
        if not client.has_extn("starttls"):
            raise Undelivered("it offers no STARTTLS, and nothing goes in the clear; try smtps:// and port 465", True)
        client.starttls(context=posttls.context(job))
    elif place.way != TLS and client.has_extn("starttls"):
        client.starttls(context=posttls.anybody(job))
    if place.user is not None:
        client.login(place.user, place.password)
    refused = client.send_message(message(place, letter), place.sender, list(place.receivers))
    return "; ".join(["%s is refused: %s" % (each, _reply(*refused[each])) for each in sorted(refused)])


class _Client(smtplib.SMTP):
    """Over a connection that the job can end."""

    def __init__(self, job, place):
        super().__init__(timeout=job.step_s, local_hostname="localhost")
        self._job = job
        self._place = place
        self._host = place.host  # what STARTTLS checks the certificate against

    def _get_socket(self, host, port, timeout):
        sock = self._job.connect(host, port)
        if self._place.way == TLS:
            sock = posttls.context(self._job).wrap_socket(sock, server_hostname=host)
        return sock


def message(place, letter) -> EmailMessage:
    """The mail. What belongs together has the same References, so that mail programs show it together."""
    facts, mail = letter.facts, EmailMessage(policy=SMTP)
    mail["From"] = place.sender
    mail["To"] = ", ".join(place.receivers)
    mail["Subject"] = no_encoded_word(facts["title"])
    mail["Date"] = formatdate(facts["time_ms"] / 1000)
    domain = place.sender.rpartition("@")[2]
    mail["Message-ID"] = "<%s@%s>" % (_atom(facts["id"]), domain)
    mail["References"] = "<%s@%s>" % (_atom(facts["thread"]), domain)
    mail["Auto-Submitted"] = "auto-generated"
    if letter.level == CRITICAL:
        mail["Importance"] = "high"
    mail.set_content(lines(facts["text"]) + "\n")
    return mail


def _atom(text: str) -> str:
    """`text` as a name that may stand in a Message-ID (RFC 5322 3.2.3)."""
    return "".join([character if character.isascii() and character.isalnum() else "-" for character in text])


def _understood(error: smtplib.SMTPException) -> Exception:
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return error
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(error.recipients.values()))
        words = "it refuses the receiver: %s" if len(error.recipients) == 1 else "it refuses all receivers: %s"
        return Undelivered(words % _reply(code, reply), code >= _PERMANENT)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        words = "it does not take the user name with this password: %s"
        return Undelivered(words % _reply(error.smtp_code, error.smtp_error), True)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Undelivered("it takes no user name and password here", True)
    if isinstance(error, smtplib.SMTPResponseException):
        reply = _reply(error.smtp_code, error.smtp_error)
        return Undelivered("it does not take the mail: %s" % reply, error.smtp_code >= _PERMANENT)
    return Undelivered("it does not understand us", True)


def _reply(code: int, reply) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    return ("%d %s" % (code, one_line(text))).strip()[:160]
