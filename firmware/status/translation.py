"""Sentences that the firmware makes in English, in the language of who reads them."""

from firmware.status import texts
from firmware.status.texts.templates import Templates

_made = {}  # language -> its Templates, made when first wanted


def load() -> None:
    """All languages now, at the start of a board whose page is open to strangers: later the loop, and hosts, would wait
    for the card."""
    for language in texts.LANGUAGES:
        texts.module(language)
        if language != texts.DEFAULT:
            _templates(language)


def translate(language: str, sentence: str) -> str:
    """An alarm or an event in `language`; as it is where nobody has translated it."""
    if language not in texts.LANGUAGES or language == texts.DEFAULT or not sentence:
        return sentence
    return _templates(language).turned(sentence)


def _templates(language: str) -> Templates:
    if language not in _made:
        _made[language] = Templates(texts.module(language).SENTENCES)
    return _made[language]
