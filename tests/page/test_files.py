"""The files themselves: how much the first look costs, what old engines do not know, texts, what is vendored."""

import hashlib
import json
import re

import pytest

from tests.page.mock import TEXTS, WEB

OWN_SCRIPTS = sorted(path for path in WEB.glob("*.js") if path.name != "uplot.js")
OWN_STYLES = [WEB / "theme.css", WEB / "page.css"]
VENDORED = {
    "uplot.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uplot.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}
# Younger than Chrome 119, Firefox 119 or Safari 16.6.
TOO_YOUNG = [
    r"light-dark\(", r"@starting-style", r"\bpopover\b", r"anchor-name", r"field-sizing", r":has\(", r"@scope",
    r"@property", r"Object\.groupBy", r"Map\.groupBy", r"Promise\.withResolvers", r"Promise\.try", r"Array\.fromAsync",
    r"\.(union|intersection|difference|isSubsetOf)\(", r"Iterator\.", r"\.toSorted\(", r"\.toReversed\(", r"\.with\(",
    r"Intl\.DurationFormat", r"URL\.(canParse|parse)\(", r"structuredClone", r"checkVisibility", r"requestIdleCallback",
    r"scheduler\.", r"navigation\.", r"startViewTransition", r"AbortSignal\.any", r"RegExp\.escape", r"^\s*using\s",
    r"/[a-z]*v[a-z]*;?$", r"\(\?<[=!]",
]  # fmt: skip


@pytest.mark.parametrize("path", OWN_SCRIPTS + OWN_STYLES, ids=lambda path: path.name)
def test_an_engine_of_three_years_ago_knows_it(path):
    source = path.read_text()
    found = [each for each in TOO_YOUNG if re.search(each, source, re.M)]
    assert not found
    if path.suffix == ".css":  # nesting is younger than Safari 16.6: outside of @-rules there is one level
        bare = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
        flat = re.sub(r"@(media|keyframes)[^{]*\{((?:[^{}]*\{[^{}]*\})*)[^{}]*\}", r"\2", bare)
        depth = 0
        for sign in re.findall(r"[{}]", flat):
            depth += 1 if sign == "{" else -1
            assert 0 <= depth <= 1


def test_the_first_look_costs_less_than_100_kb_as_it_lies_there(show):
    page = show("healthy")
    # What comes later does not wait for ever for the paint: on a slow machine it would come before.
    page.add_init_script("Date.now = ((began) => () => began)(Date.now())")
    page.reload()
    page.wait_for_selector(".chart canvas", state="attached")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    entries = page.evaluate(
        "performance.getEntriesByType('resource').map((e) => [e.name, e.startTime, e.decodedBodySize])"
    )
    entries = [each for each in entries if "/api/" not in each[0] and "icon" not in each[0]]
    first = {name: size for name, start, size in entries if start <= paint}
    first["/"] = (WEB / "index.html").stat().st_size
    assert sum(first.values()) < 100_000, first
    assert not any("uplot" in name for name in first), first
    assert len(first) <= 17, first


def keys_used() -> set:
    used = set(re.findall(r'data-(?:t|label)="([^"]+)"', (WEB / "index.html").read_text()))
    for path in OWN_SCRIPTS:
        for call in re.finditer(r'\b(t|tn|known)\(("[^"]+"|[^"()]*\? "[^"]+" : "[^"]+")( \+)?', path.read_text()):
            for key in re.findall(r'"([^"]+)"', call[2]):
                plural = call[1] == "tn"
                used |= {key + "*"} if call[3] else {key + ".one", key + ".other"} if plural else {key}
    return used


def test_every_text_that_the_page_wants_is_there():
    used = keys_used()
    assert len(used) > 100
    for key in used:
        if key.endswith("*"):
            assert any(each.startswith(key[:-1]) for each in TEXTS["en"]), key
        else:
            assert key in TEXTS["en"], key


def test_every_text_is_wanted():
    used, sources = keys_used(), "".join(path.read_text() for path in OWN_SCRIPTS)
    stems = [each[:-1] for each in used if each.endswith("*")]
    for key in TEXTS["en"]:
        written = '"%s"' % key in sources or '"%s"' % key.rpartition(".")[0] in sources
        assert key in used or written or any(key.startswith(stem) for stem in stems), key


def test_the_languages_have_the_same_texts_with_the_same_places():
    assert set(TEXTS["en"]) == set(TEXTS["fr"])
    for key, text in TEXTS["en"].items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", TEXTS["fr"][key])), key


def test_no_text_shows_its_key(show):
    for fragment in ("", "manage"):
        page = show("healthy", fragment=fragment, locale="fr")
        page.wait_for_selector("#boards td, #settings label", state="attached")
        assert not re.search(r"\[[a-z_]+\.", page.locator("body").inner_text())


def test_the_document_has_no_script_or_style_of_its_own():
    document = (WEB / "index.html").read_text()
    assert not re.search(r"<style|style=|\son\w+=|<script(?! (type=\"module\" )?src=)", document)
    assert not re.findall(r"(?:src|href)=\"(?!/|#)[^\"]*\"", document)


def test_what_is_vendored_is_what_its_readme_says():
    for name, digest in VENDORED.items():
        assert hashlib.sha256((WEB / name).read_bytes()).hexdigest() == digest, name
    assert "1.6.32" in (WEB / "README.md").read_text() and (WEB / "uplot-LICENSE.txt").exists()


def test_texts_are_small():
    for language, texts in TEXTS.items():
        assert len(json.dumps(texts)) < 20000, language
