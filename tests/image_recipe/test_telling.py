"""What is said while packages are loaded: something every few seconds, from lines as mmdebstrap and apt print them."""

import stat

import pytest

from firmware.errors import Refused
from tools.image import packages
from tools.image.telling import EVERY_S, Telling

LINES = """\
I: running apt-get update...
Get:1 http://deb.debian.org/debian trixie InRelease [140 kB]
Get:2 http://deb.debian.org/debian trixie/main amd64 libc6 amd64 2.41-12 [2,847 kB]
Get:3 http://deb.debian.org/debian trixie/main amd64 bash amd64 5.2.37 [1,500 kB]
I: installing essential packages...
Unpacking libc6:amd64 (2.41-12) ...
Setting up
Setting up libc6:amd64 (2.41-12) ...
"""


@pytest.mark.parametrize(("pace_s", "told"), [
    (0.01, ["running apt-get update...", "installing essential packages..."]),
    (EVERY_S, ["running apt-get update...", "loading libc6", "loading bash", "installing essential packages...",
               "unpacking libc6:amd64", "setting up libc6:amd64"]),
])  # fmt: skip
def test_a_person_hears_of_it(pace_s, told):
    said, now = [], [0.0]
    telling = Telling(said.append, lambda: now[0])
    for line in LINES.splitlines(keepends=True):
        now[0] += pace_s
        telling.hear(line)
    assert said == told


def build(tmp_path, monkeypatch, script) -> list:
    """A build with such a program instead of mmdebstrap, and nothing apart; what is said."""
    for name, text in (("mmdebstrap", script), ("unshare", 'while [ "$1" != sh ]; do shift; done; exec "$@"')):
        (tmp_path / name).write_text("#!/bin/sh\n%s\n" % text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", "%s:/usr/bin:/bin" % tmp_path)
    monkeypatch.setenv("SOSIE_CACHE", str(tmp_path / "cache"))
    said = []
    packages.Build(None, ["a"], "deb http://x y z\n", []).take("test", "a test", said.append, lambda fresh: None)
    return said


def test_the_lines_are_passed_on_while_they_come(tmp_path, monkeypatch):
    said = build(tmp_path, monkeypatch, 'echo "I: one" >&2; echo "I: $(cat)"')
    assert said == ["a test: 1 Debian packages and what they need", "one", "deb http://x y z"]
    (made,) = packages.folder().iterdir()
    assert list(made.iterdir()) == [] and stat.S_IMODE(made.stat().st_mode) == 0o755


def test_a_failure_shows_the_last_lines(tmp_path, monkeypatch):
    with pytest.raises(Refused, match="E: no such package\nmmdebstrap could not"):
        build(tmp_path, monkeypatch, 'echo "E: no such package" >&2; exit 1')
    assert list(packages.folder().iterdir()) == []
