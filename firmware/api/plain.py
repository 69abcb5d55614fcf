"""The snapshot in words, as a plain page that renews itself without a script."""

from firmware.status.table import board, rows, wrong

REFRESH_S = 2

_PAGE = """<!DOCTYPE html>
<html lang="%s"><head><meta charset="utf-8"><meta http-equiv="refresh" content="%d">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>%s: %s</title>
<link rel="stylesheet" href="/web/plain.css"></head>
<body><h1>%s: %s, %s</h1>
<p>%s</p>
%s<table>
%s
</table>
<p><small>Sosie %s</small></p></body></html>
"""


def page(status: dict) -> str:
    """The HTML page for a snapshot."""
    words, name = status["words"], escaped(status["name"])
    verdict, distance, sentence = [escaped(words[word]) for word in ("verdict", "distance", "sentence")]
    worries = "".join("<li>%s: %s</li>\n" % (level, escaped(what)) for level, what in wrong(status))
    worries = "<ul>\n%s</ul>\n" % worries if worries else ""
    told = [board(status)] + rows(status)
    table = "\n".join("<tr><th>%s</th><td>%s</td></tr>" % (label, escaped(value)) for label, value in told)
    head = status["language"], REFRESH_S, name, verdict, name, verdict, distance, sentence
    return _PAGE % (head + (worries, table, escaped(status["version"])))


def escaped(text: str) -> str:
    """The text as HTML shows it literally."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text
