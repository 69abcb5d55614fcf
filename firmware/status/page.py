"""The snapshot in words, as a plain page without a script that renews itself."""

from firmware.quantity import duration_text, size_text

REFRESH_S = 2

_SENTENCES = {
    "mirroring": "All is well: the twin follows within seconds.",
    "behind": "The twin is behind; the link or its disk is slower than the writes.",
    "copying": "The first full copy is under way; the twin cannot take over yet.",
    "catching up": "The twin is catching up; until then it can take over with an older state.",
    "no link": "The other board is not reached; the journal keeps what the twin lacks.",
    "promoted": "This board took over and serves its disk; it has no twin now.",
    "fenced": "The other board took over; this one takes no more writes.",
    "failed": "Storage failed; this board takes no more writes.",
}
_TWIN_SENTENCES = {
    "mirroring": "All is well: this board is the twin and receives what the other one writes.",
    "no link": "The other board is not reached; what it writes now is not here.",
}

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="%d">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>%s: %s</title>
<style>body{font:1.1em/1.5 sans-serif;max-width:40em;margin:2em auto;padding:0 1em}
th{text-align:left;padding-right:2em}li{font-weight:bold}</style></head>
<body><h1>%s: %s</h1>
<p>%s</p>
%s<table>
%s
</table></body></html>
"""


def page(status: dict) -> str:
    """The HTML page for a snapshot."""
    name, state = escaped(status["name"]), escaped(status["state"])
    alarms = "".join("<li>%s</li>\n" % escaped(alarm) for alarm in status["alarms"])
    rows = "\n".join("<tr><th>%s</th><td>%s</td></tr>" % (word, escaped(value)) for word, value in _rows(status))
    alarms = "<ul>\n%s</ul>\n" % alarms if alarms else ""
    return _PAGE % (REFRESH_S, name, state, name, state, _sentence(status), alarms, rows)


def _sentence(status: dict) -> str:
    if status["role"] == "twin" and status["state"] in _TWIN_SENTENCES:
        return _TWIN_SENTENCES[status["state"]]
    return _SENTENCES[status["state"]]


def _rows(status: dict) -> list:
    link, journal, group = status["link"], status["journal"], status["group"]
    rows = [
        ("Role", "%s, generation %d" % (status["role"], status["generation"])),
        ("Disk", size_text(status["disk_size"]) + ("" if status["consistent"] else ", not consistent yet")),
        ("Not on the twin yet", _missing(status["backlog"])),
        ("Journal", "%s of %s in use" % (size_text(journal["used"]), size_text(journal["size"]))),
        ("Link", _link(link)),
        ("Sent", "%s for %s of writes" % (size_text(link["sent_bytes"]), size_text(link["raw_bytes"]))),
        ("Groups", ", ".join("%s %d" % (word, group[word]) for word in ("written", "durable", "acked", "played"))),
    ]
    if status["role"] == "twin":
        del rows[2]  # only the primary knows it
    return rows


def _missing(backlog: dict) -> str:
    if not backlog["groups"]:
        return "nothing"
    return "%d groups, %s, the oldest %s old" % (
        backlog["groups"],
        size_text(backlog["bytes"]),
        duration_text(backlog["seconds"]),
    )


def _link(link: dict) -> str:
    words = [link["state"]]
    if link["peer"]:
        words.append("to " + link["peer"])
    if link["rtt_ms"] is not None:
        words.append("(%d ms)" % link["rtt_ms"])
    return " ".join(words)


def escaped(text: str) -> str:
    """The text as HTML shows it literally."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text
