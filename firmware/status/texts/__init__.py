"""Everything that a person reads, by language: one file for each, with the same keys.

A further language is one more file, beginning as a copy of fr.py, and its name in LANGUAGES: nothing else. English sentences that
the firmware makes elsewhere, alarms and events, are translated where they are shown: the file has templates for them.
"""

import sys

LANGUAGES = ("en", "fr")
DEFAULT = "en"


def known(language: "str | None") -> str:
    """`language` when there is a file for it, else English. "fr-CA" is French."""
    first = (language or "").lower().replace("_", "-").split("-")[0]
    return first if first in LANGUAGES else DEFAULT


def module(language: str):
    """The file of a language that is in LANGUAGES; loaded when it is first wanted."""
    name = __name__ + "." + language
    if name not in sys.modules:
        __import__(name)
    return sys.modules[name]


def say(language: str, key: str, *places) -> str:
    """The text `key`, with `places` in its places."""
    text = module(language).WORDS[key]
    return text % places if places else text


def page(language: str) -> dict:
    """{key: text}: what the page shows. It says a state as all others do."""
    words = module(language).WORDS
    states = {key.replace(" ", "_"): words[key] for key in words if key.startswith("state.")}
    states.update(module(language).PAGE)
    return states
