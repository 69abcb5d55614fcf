"""GET /texts/LANGUAGE.json: what the page shows in a language, {key: text}."""

from firmware.httpd.answer import error_answer, json_answer
from firmware.status import texts

PLACE = "/texts/"
_HEADERS = ("Cache-Control: no-cache",)


class Dictionary:
    """A part of the surfaces that has nothing but this route."""

    def routes(self) -> dict:
        """As api/api.py wants them."""
        return {PLACE: {"GET": self._give}}

    def _give(self, request, answer) -> None:
        name, _, kind = request.path[len(PLACE) :].partition(".")
        if kind != "json" or name not in texts.LANGUAGES:
            answer(error_answer(404, "there is no such language; there are " + ", ".join(texts.LANGUAGES)))
        else:
            answer(json_answer(200, texts.page(name), _HEADERS))
