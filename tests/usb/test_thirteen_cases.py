"""The board's own Bulk-Only Transport and SCSI under the checks of `sosie usb selftest`, without a bus: the thirteen
cases, CBWs that are none, resets at any moment, at the packet sizes of full, high and super speed."""

import pytest

from tests.usb.appliance import Appliance, MemoryVolume
from tests.usb.test_tester import PACKETS, medium
from tools.usb import checks, commands
from tools.usb.bulk_only import PASSED, Host
from tools.usb.checks import invalid, thirteen
from tools.usb.checks.check import LEFT_OUT, OK, run
from tools.usb.checks.target import Target
from tools.usb.wire import NOTHING


def tried(packet, volume, scratch=None):
    target = Target(Host(Appliance(packet, volume).bus), scratch)
    target.prepare()
    return run(target, checks.ALL, lambda result: None)


@pytest.mark.parametrize("is_slow", (False, True), ids=("at once", "slow medium"))
@pytest.mark.parametrize("packet", PACKETS)
def test_every_check_passes(packet, is_slow):
    volume = MemoryVolume(medium(), is_slow)
    results = tried(packet, volume)
    assert [str(each) for each in results if each.verdict != OK] == []
    assert volume.content == medium()


@pytest.mark.parametrize("packet", PACKETS)
def test_every_check_passes_on_a_scratch_range(packet):
    volume = MemoryVolume(medium())
    results = tried(packet, volume, (1000, 2048))
    assert [str(each) for each in results if each.verdict != OK] == []
    assert volume.content[:512000] == medium()[:512000] and volume.content[3048 * 512 :] == medium()[3048 * 512 :]


@pytest.mark.parametrize("packet", PACKETS)
def test_nothing_stalls_but_what_is_no_cbw(packet):
    """Controllers lose data around a stall; see firmware/host/bot.py."""
    results = {each.name: each for each in tried(packet, MemoryVolume(medium()))}
    for check in thirteen.CHECKS:
        assert "stall" not in results[check.name].detail
    for check in invalid.CHECKS[:13]:
        assert results[check.name].detail.startswith("stalled"), check.name


def test_a_drive_without_a_medium_is_tested_as_far_as_it_goes():
    results = tried(512, None)
    assert {each.verdict for each in results} == {OK, LEFT_OUT}
    assert any("not ready" in each.detail for each in results if each.verdict == LEFT_OUT)


@pytest.mark.parametrize("drop", ("reset_recovery", "port reset"))
def test_a_read_that_ends_after_a_reset_disturbs_nobody(drop):
    volume = MemoryVolume(medium(), is_slow=True)
    bus = Appliance(512, volume).bus
    host = Host(bus)
    host.command(commands.TEST_UNIT_READY)
    bus.work.remove(volume.work)  # from here on the medium stands still
    host.begin(commands.read_10(0, 8), 4096, True)
    assert bus.bulk_in(4096, 0) == (b"", NOTHING)
    host.reset_recovery() if drop == "reset_recovery" else bus.reset()
    host.command(commands.TEST_UNIT_READY)
    tag = host.begin(commands.write_10(500, 8), 4096, False)
    host.data_out(bytes(2048))
    volume.work()
    host.data_out(bytes(2048))
    assert host.read_csw(tag) == (PASSED, 0)
    assert volume.content[500 * 512 : 508 * 512] == bytes(4096)
