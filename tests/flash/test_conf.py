"""sosie.conf as it is laid on the card: what the template promises, and what the board takes of it."""

import re

import pytest

from board import settings
from firmware import config
from firmware.errors import Refused
from tools.flash import conf, options

BASE = {"name": "left", "role": "primary"}
VALUES = {
    "name": "links", "role": "twin", "peer": "twin.example.org:7411", "listen": "[::]:7412", "disk": "card",
    "disk_size": "64G", "attach": "none", "ack": "durable", "when_full": "hold", "rate": "2M", "max_age": "2s",
    "console": "/dev/ttyS0:9600", "wifi": "Büro 2", "wifi_password": "a#b = c!", "wifi_country": "DE",
    "address": "192.0.2.7/24", "gateway": "192.0.2.1", "dns": "192.0.2.1 192.0.2.2", "time": "ntp.example.org",
}


def plain(text: bytes) -> "dict[str, str]":
    """The lines in force."""
    lines = [line.partition(" #")[0].partition("=") for line in text.decode().splitlines() if line[:1] not in ("#", "")]
    return {key.strip(): value.strip() for key, _, value in lines if key.strip()}


def test_the_template_has_every_key_that_a_person_may_set():
    may = (set(vars(config.Settings())) | set(settings._WISHES)) - set(settings._KEPT) - {"web", "texts"}
    assert set(conf.keys()) == may
    assert len(conf.keys()) == len(set(conf.keys()))
    assert set(options.SETTINGS) <= may


def test_the_template_alone_says_what_is_missing():
    with pytest.raises(Refused, match="there is no line for name; add one, for example name = left"):
        settings.check(conf.template().encode())


def test_every_line_of_the_template_counts_when_its_mark_is_taken_away():
    """One by one, for some go only with others."""
    for key in conf.keys():
        lines = [re.sub("^#(?=(name|role|wifi|peer|%s) =)" % key, "", line) for line in conf.template().splitlines()]
        text = "\n".join(lines).encode()
        if key in ("gateway", "dns"):
            text = text.replace(b"#address = dhcp", b"address = 192.0.2.10/24")
        settings.check(text)
        assert key in plain(text)


def test_only_what_is_given_is_in_force():
    assert plain(conf.render(BASE)) == BASE
    assert plain(conf.render(VALUES)) == VALUES


@pytest.mark.parametrize("key", VALUES)
def test_the_comment_stays_behind_the_value(key):
    line = next(line for line in conf.render(VALUES).decode().splitlines() if line.startswith(key + " ="))
    before = next(line for line in conf.template().splitlines() if re.match("#?%s =" % key, line))
    assert line.partition(" # ")[2] == before.partition(" # ")[2]


def test_the_lines_are_short_enough_for_any_editor():
    assert max(map(len, conf.render(VALUES).decode().splitlines())) <= 120
    assert max(map(len, conf.readme().decode().splitlines())) <= 120


@pytest.mark.parametrize("values, says", [
    ({"name": " left"}, "--name is empty, or has white space at an end"),
    ({"name": ""}, "--name is empty"),
    ({"name": "left\nrole = twin"}, "control characters"),
    ({"name": "x" * 64}, "sosie.conf: line 7: name = .*a name has at most 63 bytes"),
    ({"name": "left #1"}, "--name has a # behind a space"),
    ({"name": "#1"}, "--name has a #"),
    ({"wifi": "Office", "wifi_password": "correct #horse"}, "--wifi-password has a # behind a space"),
    ({"wifi": "Office", "wifi_password": "short"}, "8 to 63 plain characters"),
    ({"wifi": "x" * 33}, "at most 32 bytes"),
    ({"wifi_password": "long enough"}, "without wifi"),
    ({"peer": "192.0.2.1"}, "line 11: peer = 192.0.2.1: this is not an address with a port"),
    ({"peer": "192.0.2.256:1"}, "not an IPv4 address"),
    ({"disk_size": "12"}, "the unit is missing"),
    ({"disk": "/dev/sda"}, "/dev/disk/by-id/"),
    ({"address": "192.0.2.1"}, "prefix length"),
    ({"gateway": "192.0.2.1"}, "without address"),
    ({"wifi": "a", "wifi_country": "Germany"}, "two letters"),
    ({"attach": "scsi"}, "no such way to attach"),
])
def test_what_the_board_would_not_take_is_refused_here(values, says):
    with pytest.raises(Refused, match=says):
        conf.render({**BASE, **values})


def test_a_bad_password_is_not_printed():
    with pytest.raises(Refused) as caught:
        conf.render({**BASE, "wifi": "a", "wifi_password": "secret"})
    assert "secret" not in str(caught.value)
