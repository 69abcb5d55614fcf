"""sosie.conf: every mistake names its line of that file, whichever of the two parsers finds it."""

import pytest

from board import settings
from firmware.errors import Refused

GOOD = """# a comment
name = left   # shown
role = primary

peer = 10.0.0.2:7411
disk = auto
wifi = Büro 5 # the ground floor
wifi_password = correct horse
wifi_country = fr
address = 192.0.2.10/24
gateway = 192.0.2.1
dns = 192.0.2.1, 2001:db8::1
time = pool.ntp.org
timezone = Europe/Paris
rate = 2M
"""
CARD = [("disk", "/run/sosie/board/disk"), ("journal", "/run/sosie/journal"), ("keys", "/state/keys")]
CARD.append(("attach", "usb"))


def parsed(text):
    return settings.parse(text.encode() if isinstance(text, str) else text, lambda wishes, given: CARD)


def refusal(text) -> str:
    with pytest.raises(Refused) as caught:
        parsed(text)
    sentence = str(caught.value)
    assert sentence.startswith("sosie.conf: ") and "\n" not in sentence and "board.conf" not in sentence
    return sentence


def test_what_is_for_the_board_and_what_for_the_firmware():
    wishes, its, text = parsed(GOOD)
    assert (its.name, its.role, its.rate.text, its.disk) == ("left", "primary", "2M", "/run/sosie/board/disk")
    assert (wishes.wifi, wishes.wifi_password, wishes.wifi_country) == ("Büro 5", "correct horse", "FR")
    assert (wishes.disk, wishes.address, wishes.gateway) == ("auto", "192.0.2.10/24", "192.0.2.1")
    assert (wishes.dns, wishes.time) == ("192.0.2.1 2001:db8::1", "pool.ntp.org")
    assert b"correct horse" not in text  # it stays where it is needed
    lines = text.decode().splitlines()
    assert lines[1] == "name = left   # shown" and lines[14] == "rate = 2M"
    assert wishes.timezone == "Europe/Paris" and parsed(GOOD.replace("timezone", "#"))[0].timezone is None


def test_windows_editors_do_no_harm():
    data = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    wishes, its, _ = parsed(data)
    assert its.name == "left" and wishes.wifi == "Büro 5" and wishes.time == "pool.ntp.org"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("disk = /dev/sda", "auto, card, or the name of a disk"),
        ("disk = /dev/disk/by-id/../sda", "auto, card"),
        ("disk =", "disk has no value; write for example disk = auto"),
        ("wifi_password = short", "8 to 63 plain characters"),
        ("wifi_country = France", "two letters"),
        ("address = 192.0.2.10", "with its prefix length"),
        ("address = 192.0.2.999/24", "with its prefix length"),
        ("dns = one.one.one.one", "not an address"),
        ("time = a b", "one time server"),
        ("timezone = Paris", "there is no time zone of that name; write for example Europe/Paris"),
        ("timezone = ../../etc/passwd", "no time zone of that name"),
        ("timezone = /etc/localtime", "no time zone of that name"),
        ("wifi = " + "x" * 33, "at most 32 bytes"),
        ("quota_file = /srv/x", "the card keeps what the quota's day has used"),
        ("journal = /srv/x", "the journal is on the card"),
        ("keys = /srv/x", "pairing puts the keys"),
        ("wifi_pasword = 12345678", "did you mean wifi_password?"),
        ("rat = 5M", "did you mean rate?"),
        ("gatewy = 192.0.2.1", "did you mean gateway?"),
        ("rate = fast", "rate = fast"),
        ("nonsense", "is not a setting"),
    ],
)
def test_a_mistake_names_its_line(line, says):
    start = "# one\nname = left\n\nrole = primary\npeer = 10.0.0.2:7411\n"
    sentence = refusal(start + line + "\n")
    assert sentence.startswith("sosie.conf: line 6: ") and says in sentence


def test_a_password_is_not_repeated():
    assert "12345" not in refusal("name = a\nrole = twin\nwifi = x\nwifi_password = 12345\n")


def test_one_line_for_a_key():
    assert "line 3: disk stands on line 1 already" in refusal("disk = auto\nname = a\ndisk = card\n")
    assert "line 2: name stands on line 1 already" in refusal("name = a\nname = b\nrole = twin\n")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("wifi_password = 12345678", "wifi_password stands there without wifi"),
        ("gateway = 192.0.2.1", "gateway stands there without address"),
        ("address = dhcp\ngateway = 192.0.2.1", "gateway comes by DHCP"),
    ],
)
def test_lines_that_need_others(lines, says):
    assert says in refusal("name = left\nrole = primary\npeer = 10.0.0.2:7411\n" + lines + "\n")


def test_what_is_missing_is_said():
    assert "there is no line for name" in refusal("role = twin\nlisten = [::]:7411\n")
    assert "there is no line for role" in refusal("name = left\n")


def test_damage_is_refused():
    assert "not UTF-8" in refusal(b"name = left\nrole = primary\npeer = 10.0.0.2:7411\nwifi = \xff\xfe\n")
    assert "more than" in refusal(b"#" * 70000)


def test_the_network_is_had_whatever_else_is_wrong():
    data = b"nonsense\nname = left\nrole = zebra\naddress = 192.0.2.1/24\ndns = x\ndisk = y\n"
    wishes = settings.network_wishes(data)
    assert wishes.name == "left" and wishes.address == "192.0.2.1/24" and wishes.dns is None
    assert wishes.bad == {"dns", "disk"}
    assert settings.network_wishes(bytes(range(256)) * 50).address is None


def test_the_surfaces_are_had_whatever_else_is_wrong():
    data = b"name = left\nname = \nrole = zebra\nweb = nowhere\nattach = nbd:127.0.0.1:10809\nconsole = /dev/ttyS1:9\n"
    its = settings.lenient(data, lambda given: [(key, value) for key, value in CARD if key not in given])
    assert (its.name, its.role, its.web, its.console) == ("left", "primary", None, None)
    assert its.attach == ("nbd", ("tcp", "127.0.0.1", 10809))
    its = settings.lenient(b"", lambda given: CARD)
    assert its.name == "sosie" and its.attach == ("usb", None)


def test_a_file_is_judged_where_there_is_no_board():
    assert settings.check(GOOD.encode()).wifi == "Büro 5"
    assert settings.check(b"name = right\nrole = twin\n").disk == "auto"
    with pytest.raises(Refused, match="line 2: role = boss"):
        settings.check(b"name = right\nrole = boss\n")
    with pytest.raises(Refused, match="a primary without peer"):
        settings.check(b"name = left\nrole = primary\n")
