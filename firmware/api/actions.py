"""Actions over HTTP: what their bodies say, and how what came of them is answered."""

from firmware import flatjson
from firmware.errors import ProtocolError, Refused
from firmware.httpd.answer import JSON, error_answer, json_answer


def act(request, answer, read, action, report) -> None:
    """Does `action` with what `read(request)` finds in the body, and answers with `report` of its outcome."""
    try:
        wish = read(request)
    except NotJson:
        answer(error_answer(415, "send the action as " + JSON))
        return
    except ProtocolError as error:
        answer(error_answer(400, str(error)))
        return

    def done(outcome, error) -> None:
        answer(_outcome(outcome, error, report))

    try:
        action(wish, done)
    except Refused as error:
        done(None, error)


def _outcome(outcome, error, report):
    if error is not None:
        return error_answer(409 if isinstance(error, Refused) else 500, str(error))
    try:
        return json_answer(200, report(outcome))
    except Exception as bug:  # the board is in the midst of what it did
        return error_answer(500, "this is a bug of the board: %r" % bug)


class NotJson(Exception):
    """The body is sent as something else."""


def check_kind(request) -> None:
    """Raises NotJson. No form of a foreign page can send this type."""
    if (request.content_type or "").partition(";")[0].strip().lower() != JSON:
        raise NotJson


def member(request, name: str, default):
    """What the action's body says of `name`, the only thing that it may speak of; raises ProtocolError."""
    check_kind(request)
    body = flatjson.parse(request.body)
    for found in body:
        if found != name:
            raise ProtocolError('the body has something other than "%s"' % name)
    return body.get(name, default)


def nothing(request) -> None:
    """For an action that needs no more than its name: {}."""
    check_kind(request)
    if flatjson.parse(request.body):
        raise ProtocolError("send {}")


def force(request) -> bool:
    """The `force` of an action's body; False when it does not say."""
    wish = member(request, "force", False)
    if wish is not True and wish is not False:
        raise ProtocolError('"force" is true or false')
    return wish


def password(request) -> str:
    """The `password` of a login's body."""
    wish = member(request, "password", None)
    if not isinstance(wish, str):
        raise ProtocolError('"password" is missing: send {"password": ".."}')
    return wish


def name(request) -> str:
    """The `name` of an action's body."""
    wish = member(request, "name", None)
    if not isinstance(wish, str):
        raise ProtocolError('"name" is missing: send {"name": "before the upgrade"}')
    return wish
