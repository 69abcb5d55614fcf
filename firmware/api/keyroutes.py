"""What the API says of a board's keys, and does with them, while it is paired. tools/pairrenew.py walks through it.

    GET  /api/pair           {"certificate": fingerprint, "pinned": [fingerprints], "revoked": [fingerprints]}
    POST /api/pair/renew     {}: makes a new key, not shown yet; answers {"certificate": PEM}, the same until it is
    POST /api/pair/pin       {"certificate": PEM}: the other board will show this one; the old one counts until it does
    POST /api/pair/switch    {}: the new key is shown from now on
    POST /api/pair/revoke    {"fingerprint": 64 digits}: this certificate counts no more, ever

Fingerprints are SHA-256 of the certificate's DER, in hexadecimal.
"""

from firmware.api import actions
from firmware.errors import ProtocolError
from firmware.httpd.answer import error_answer, json_answer


def routes(do) -> dict:
    """For Api's `more`. `do(done, sentence, op, *args)` has a Keyring (firmware/ports/cpython/keyring.py) do that, and
    notes the sentence; done(outcome, error) comes later (Pairing.do)."""

    def facts(request, answer) -> None:
        def done(found, error) -> None:
            answer(json_answer(200, found) if error is None else error_answer(500, str(error)))

        do(done, "", "facts")

    def action(read, op, sentence, report=_nothing):
        def done_by(wish, done) -> None:
            do(done, sentence, op, *wish)

        return {"POST": lambda request, answer: actions.act(request, answer, read, done_by, report)}

    return {
        "/api/pair": {"GET": facts},
        "/api/pair/renew": action(_no_words, "renew", "a new key is made", lambda pem: {"certificate": pem}),
        "/api/pair/pin": action(
            _text("certificate"), "pin_next", "a new certificate of the other board is trusted as well"
        ),
        "/api/pair/switch": action(_no_words, "switch", "the new key is used from now on"),
        "/api/pair/revoke": action(_text("fingerprint"), "revoke", "a certificate was revoked"),
    }


def _nothing(outcome) -> dict:
    return {}


def _no_words(request) -> tuple:
    actions.nothing(request)
    return ()


def _text(name: str):
    def read(request) -> tuple:
        wish = actions.member(request, name, None)
        if not isinstance(wish, str):
            raise ProtocolError('"%s" is missing' % name)
        return (wish,)

    return read
