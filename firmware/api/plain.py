"""The snapshot in words, as a plain page that renews itself without a script."""

from firmware.status.phrases import word
from firmware.status.table import rows

REFRESH_S = 2

_PAGE = """<!DOCTYPE html>
<html lang="%s"><head><meta charset="utf-8"><meta http-equiv="refresh" content="%d">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>%s: %s</title>
<link rel="stylesheet" href="/web/plain.css"></head>
<body><h1>%s: %s</h1>
<p>%s</p>
%s<table>
%s
</table>
<p><small>Sosie %s</small></p></body></html>
"""


def page(status: dict) -> str:
    """The HTML page for a snapshot."""
    name, state = escaped(status["name"]), escaped(word(status["language"], "state.", status["state"]))
    alarms = "".join("<li>%s</li>\n" % escaped(alarm) for alarm in status["alarms"])
    table = "\n".join("<tr><th>%s</th><td>%s</td></tr>" % (label, escaped(value)) for label, value in rows(status))
    alarms = "<ul>\n%s</ul>\n" % alarms if alarms else ""
    head = status["language"], REFRESH_S, name, state, name, state, escaped(status["words"]["sentence"])
    return _PAGE % (head + (alarms, table, escaped(status["version"])))


def escaped(text: str) -> str:
    """The text as HTML shows it literally."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text
