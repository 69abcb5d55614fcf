"""The text that Prometheus reads, format 0.0.4: families of samples, each with its HELP and TYPE.

    # HELP sosie_link_up Whether the boards reach each other.
    # TYPE sosie_link_up gauge
    sosie_link_up 1

A value that nobody knows (None) has no sample, and a family without a sample is not there: a number made up for it
would be drawn, and alerted on, as if it had been measured.
"""

KIND = "text/plain; version=0.0.4; charset=utf-8"
COUNTER, GAUGE = "counter", "gauge"
PREFIX = "sosie_"


class Exposition:
    """Gathers families; `text()` is the whole. Within a family no two samples may have the same labels."""

    def __init__(self):
        self._lines = []

    def add(self, name: str, kind: str, help_text: str, value) -> None:
        """A family with one sample."""
        self.family(name, kind, help_text, (((), value),))

    def family(self, name: str, kind: str, help_text: str, samples) -> None:
        """`samples`: (((label, its value), ..), value) each."""
        name, lines = PREFIX + name, []
        for labels, value in samples:
            text = number(value)
            if text is not None:
                lines.append("%s%s %s" % (name, _labels(labels), text))
        if lines:
            self._lines.append("# HELP %s %s" % (name, help_text))
            self._lines.append("# TYPE %s %s" % (name, kind))
            self._lines += lines

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"


def number(value) -> "str | None":
    """None for what is not known, or is no number at all."""
    if value is None or value != value:
        return None
    if isinstance(value, (bool, int)):
        return "%d" % value
    if value in (float("inf"), float("-inf")):
        return None
    text = "%.6f" % value
    return text.rstrip("0").rstrip(".")


def _labels(labels) -> str:
    if not labels:
        return ""
    return "{%s}" % ",".join(['%s="%s"' % (name, escape(value)) for name, value in labels])


def escape(text: str) -> str:
    """A label's value. What no text should have (control characters, halves of characters) becomes a question mark:
    one of them, and Prometheus would refuse the whole board."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return "".join([c if c >= " " and c != "\x7f" and not 0xD800 <= ord(c) < 0xE000 else "?" for c in text])
