"""The texts: every language has all of them, each is used, and every sentence of the firmware has its template."""

import re
from pathlib import Path

import pytest

from firmware.status import texts
from firmware.status.conditions import NAMES
from firmware.status.texts import en, fr
from firmware.status.texts.templates import Templates
from tests.style import sentences

ROOT = Path(__file__).resolve().parents[2]
PLACE = re.compile(r"%%|%[-0-9.]*[a-zA-Z]")
# Families of texts whose keys are put together: each begins like this.
FAMILIES = ("verdict.", "sentence.", "state.", "link.", "role.", "condition.no_link", "advice.", "alert.",
            "panel.again.", "panel.light.", "panel.rhythm.", "panel.colour.")
# What the operating system says, and what is put together where no finder sees it.
SYSTEM = {
    "Input/output error", "No space left on device", "No such file or directory", "Permission denied",
    "Read-only file system", "Operation not permitted", "Not a directory",
    "Connection refused", "Connection reset by peer", "Connection timed out", "No route to host",
    "Network is unreachable", "Broken pipe", "sosie.conf: %s", "line %d: %s is not a key that sosie.conf has; %s",
}  # fmt: skip
OTHERS = [each for each in texts.LANGUAGES if each != texts.DEFAULT]


def places(text: str) -> "list[str]":
    return [each for each in PLACE.findall(text) if each != "%%"]


def source() -> str:
    files = [*(ROOT / "firmware").rglob("*.py"), *(ROOT / "board").rglob("*.py"), *(ROOT / "tools").glob("*.py")]
    return "\n".join(path.read_text() for path in files if "texts/" not in str(path))


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_the_page_says_a_state_as_all_others_do(language):
    words, page = texts.module(language).WORDS, texts.page(language)
    states = [key for key in words if key.startswith("state.")]
    assert states and {key: page[key.replace(" ", "_")] for key in states} == {key: words[key] for key in states}


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_text_and_no_other(language):
    other = texts.module(language)
    assert set(other.WORDS) == set(en.WORDS)
    assert set(other.PAGE) == set(en.PAGE)


@pytest.mark.parametrize("language", OTHERS)
def test_a_text_has_the_same_places_in_every_language(language):
    other = texts.module(language)
    different = [key for key in en.WORDS if places(en.WORDS[key]) != places(other.WORDS[key])]
    different += [key for key in en.PAGE if _named(en.PAGE[key]) != _named(other.PAGE[key])]
    assert different == []


def _named(text: str) -> "list[str]":
    return sorted(re.findall(r"\{\w+\}", text))


def test_every_text_is_used():
    text = source()
    asked = [key for key in en.WORDS if not key.startswith(FAMILIES)]
    unused = [key for key in asked if '"%s"' % key not in text and '"%s"' % key.removeprefix("console.") not in text]
    assert unused == []


def test_every_condition_says_what_to_do_in_an_alert():
    for family in ("alert.do.", "alert.was."):
        assert [name for name in NAMES if family + name not in en.WORDS] == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_of_the_firmware_has_its_template(language):
    table = texts.module(language).SENTENCES
    missing = ["%s: %s" % found for found in sentences.all_literals(ROOT) if not _is_known(found[1], table)]
    assert missing == []


def _is_known(literal: str, table: dict) -> bool:
    """Literals that are put together are found in the whole that they make."""
    return literal in table or any(literal.strip() in template for template in table)


@pytest.mark.parametrize("language", OTHERS)
def test_every_template_is_of_a_sentence_that_there_is(language):
    known = source()
    pieces = re.sub(r'"\s*\n\s*"', "", known)  # a long one stands on several lines
    table = texts.module(language).SENTENCES
    gone = [each for each in table if each not in SYSTEM and not _is_there(each, pieces)]
    assert gone == []


def _is_there(template: str, text: str) -> bool:
    """Whole (a role may stand in its place), or in the pieces that it is put together from."""
    template = re.sub(r"(as|both) (primary|twin)", r"\1 %s", template)
    if template in text or template.replace('"', '\\"') in text:
        return True
    parts = [part for part in re.split(r"%[a-z]|(?<=certificate) |: |(?<=;) ", template) if len(part) > 10]
    return bool(parts) and all(part in text or part.replace('"', '\\"') in text for part in parts)


@pytest.mark.parametrize("language", OTHERS)
def test_a_template_keeps_its_places_as_texts(language):
    table = texts.module(language).SENTENCES
    wrong = [each for each in table if ["%s" for _ in places(each)] != places(table[each])]
    assert wrong == []


def test_what_is_made_of_a_template_is_turned_into_its_own_translation():
    """And not into that of another one that fits as well."""
    table = Templates(fr.SENTENCES)
    wrong = []
    for template, translation in fr.SENTENCES.items():
        made, wanted = _filled(template), _filled(translation)
        if table.turned(made) != wanted:
            wrong.append((made, table.turned(made), wanted))
    assert wrong == []


def _filled(text: str) -> str:
    """With another word in each place, so that one in a wrong place is seen."""
    words = iter("%dx" % number for number in range(9))
    return PLACE.sub(lambda place: "%" if place[0] == "%%" else next(words), text)


def test_french_is_typed_as_french_is():
    """A space stands before a colon and a semicolon (but in an address or a command), and none before a comma."""
    wrong = []
    for text in [*fr.WORDS.values(), *fr.SENTENCES.values()]:
        plain = re.sub(r"`[^`]*`|https?://\S+|\S+:\S+|\{\w+\}", "x", text)
        if re.search(r"\w[;?!](\s|$)|\w:(\s|$)| ,", plain):
            wrong.append(text)
    assert wrong == []


def test_the_finder_finds():
    text = '"""A module of three words."""\n\n\ndef f(x) -> "one | None of":\n    note("a new thing came")\n'
    found = sentences.literals(text)
    assert [text for _, text in found] == ["a new thing came"]
