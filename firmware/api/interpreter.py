"""The API in the language that a request asks for (`?lang=fr`): what is refused, and what came of an action."""

import json

from firmware.httpd.answer import JSON

_SAID = ("error", "sentence")
_QUESTIONS = ("/api/session", "/api/settings", "/api/update")  # the others answer in that language by themselves


class Interpreter:
    """Stands between connections and an Api. `translate(language, sentence)` gives back what nobody has translated."""

    def __init__(self, api, translate):
        self._api = api
        self._translate = translate

    def admit(self, request, decided, caller: str = "") -> None:
        """As Api's."""
        self._api.admit(request, self._told(request, decided), caller)

    def handle(self, request, answer) -> None:
        """As Api's."""
        self._api.handle(request, self._told(request, answer))

    def _told(self, request, tell):
        """`tell`, or who translates before it."""
        language = request.query.get("lang", "")
        if not language:
            return tell

        def told(answer) -> None:
            if _is_said(request, answer):
                answer.body = self._turned(language, answer.body)
            tell(answer)

        return told

    def _turned(self, language: str, body: bytes) -> bytes:
        content = json.loads(body)
        for name in _SAID:
            if isinstance(content.get(name), str):
                content[name] = self._translate(language, content[name])
        return json.dumps(content).encode()


def _is_said(request, answer) -> bool:
    """Whether there may be a sentence in it. It may also be None or a sink, of who is let in."""
    if getattr(answer, "content_type", None) != JSON or answer.source is not None or not answer.body:
        return False
    return answer.status >= 400 or request.method == "POST" or request.path in _QUESTIONS
