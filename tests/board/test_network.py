"""What sosie.conf says of the network, as systemd-networkd and wpa_supplicant read it."""

import configparser
import os

from board import settings
from board.setup import network
from tests.board.cards import FakeMachine


def wishes(text: str):
    found = settings.network_wishes(text.encode())
    assert not found.bad
    return found


def read(text: str) -> dict:
    parser = configparser.ConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string(network.network(wishes(text)))
    return {name: dict(parser[name]) for name in parser.sections()}


def test_dhcp_unless_said_otherwise():
    found = read("name = left\n")
    assert found["Network"]["DHCP"] == "yes" and found["DHCPv4"]["ClientIdentifier"] == "mac"
    assert read("address = dhcp\ndns = 192.0.2.1\n")["Network"]["DNS"] == "192.0.2.1"


def test_nobody_is_told_of_the_board():
    found = read("")["Network"]
    assert (found["LLMNR"], found["MulticastDNS"], found["LLDP"]) == ("no", "no", "no")


def test_a_fixed_address():
    found = read("address = 192.0.2.10/24\ngateway = 192.0.2.1\n")["Network"]
    assert (found["Address"], found["Gateway"]) == ("192.0.2.10/24", "192.0.2.1") and "DHCP" not in found


def test_two_name_servers_are_two_lines():
    assert network.network(wishes("dns = 192.0.2.1 2001:db8::1\n")).count("\nDNS=") == 2


def test_wifi():
    text = network.wifi(wishes('wifi = Büro "5"\nwifi_password = say "please"\nwifi_country = fr\n'))
    assert "ssid=42c3bc726f20223522\n" in text and 'psk="say "please""\n' in text and "country=FR\n" in text
    assert "key_mgmt=NONE" in network.wifi(wishes("wifi = open\n"))


def test_files(tmp_path):
    machine = FakeMachine(tmp_path)
    network.render(machine, wishes("wifi = x\nwifi_password = 12345678\ntime = ntp.example\n"), "left")
    assert os.stat(tmp_path / "run/sosie/wifi.conf").st_mode & 0o77 == 0
    assert "NTP=ntp.example" in (tmp_path / "run/systemd/timesyncd.conf.d/50-sosie.conf").read_text()
    assert machine.hostname == "left"


def test_host_names():
    assert [network.host_name(name) for name in ("left", "Left 2", "***", "ü")] == ["left", "left-2", "sosie", "sosie"]
