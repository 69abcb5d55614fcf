"""Renders what sosie.conf says of the network for systemd-networkd, systemd-timesyncd and wpa_supplicant, into /run."""

import os

from board.settings import Wishes

from .machine import Machine

_NETWORK = """[Match]
Type=ether wlan
Kind=!*

[Link]
RequiredForOnline=no

[Network]
%sLLMNR=no
MulticastDNS=no
LLDP=no
IPv6AcceptRA=yes

[DHCPv4]
ClientIdentifier=mac
UseDomains=no
UseNTP=yes
"""
_WIFI = """country=%s
update_config=0
network={
    ssid=%s
    %s
}
"""


def render(machine: Machine, wishes: Wishes, name: str) -> None:
    """Writes the files; who reads them starts later. `name`: of the board, for the network."""
    folder = machine.run_network
    _write(folder + "/network/50-sosie.network", network(wishes))
    if wishes.time:
        _write(folder + "/timesyncd.conf.d/50-sosie.conf", "[Time]\nNTP=%s\n" % wishes.time)
    if wishes.wifi:
        _write(machine.run_folder + "/wifi.conf", wifi(wishes), 0o600)
    machine.name(host_name(name))


def network(wishes: Wishes) -> str:
    """The .network file."""
    lines = ["DNS=%s\n" % each for each in (wishes.dns or "").split()]
    if wishes.address is None:
        lines.insert(0, "DHCP=yes\n")
    else:
        lines.insert(0, "Address=%s\n" % wishes.address)
        if wishes.gateway:
            lines.append("Gateway=%s\n" % wishes.gateway)
    return _NETWORK % "".join(lines)


def wifi(wishes: Wishes) -> str:
    """The configuration of wpa_supplicant. A name goes as hexadecimal digits: it may hold any character."""
    if wishes.wifi_password is None:
        how = "key_mgmt=NONE"
    else:
        how = 'key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE\n    ieee80211w=1\n    psk="%s"' % wishes.wifi_password
    return _WIFI % (wishes.wifi_country or "00", wishes.wifi.encode().hex(), how)


def host_name(name: str) -> str:
    """The board's name as a label of the DNS, which takes letters, digits and dashes."""
    plain = "".join(each if each.isascii() and each.isalnum() else "-" for each in name.lower()).strip("-")
    return plain or "sosie"


def _write(path: str, text: str, mode: int = 0o644) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
