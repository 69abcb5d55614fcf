"""The commands of this disk: which there are, which bits of a CDB they look at, what they need."""

from firmware.host.scsi import compare, inquiry, media, medium, mode, mode_select, provisioning, status
from firmware.host.scsi.opcodes import Opcodes
from firmware.host.scsi.sense import (
    INTERNAL_FAILURE,
    INVALID_OPCODE,
    UNRECOVERED_READ_ERROR,
    WRITE_ERROR,
    CheckCondition,
    invalid_field,
)


class Command:
    """`usage`: the CDB, with a 1 for each bit that means something (SPC-4 6.35.3), the operation code and service
    action as they are. `handler(task, cdb)` returns None (done), a number of bytes of the buffer to be sent, or a
    generator (see Task).

    `anywhere`: it works without a logical unit, and leaves unit attention conditions alone. `medium`: it needs one.
    `writes`: it is refused on a medium that is write protected. `thin`: only where the volume trims. `on_failure`:
    the sense code when storage fails.
    """

    def __init__(
        self, usage, handler, anywhere=False, medium=True, writes=False, thin=False, on_failure=INTERNAL_FAILURE
    ):
        self.usage = usage
        self.handler = handler
        self.anywhere = anywhere
        self.medium = medium and not anywhere
        self.writes = writes
        self.thin = thin
        self.on_failure = on_failure

    def exists_on(self, unit) -> bool:
        """Whether this unit has the command."""
        return not self.thin or (unit is not None and unit.trims)

    def check(self, unit, cdb, lun: int) -> None:
        """Raises CheckCondition when the CDB asks for what is not there, or the unit is not ready for it."""
        usage = self.usage
        if len(cdb) < len(usage):
            raise invalid_field(len(cdb))
        for at in range(1, len(usage)):
            strange = cdb[at] & ~usage[at]
            if strange and not (at == 1 and strange == lun << 5):  # hosts of old put the LUN there (SCSI-2)
                raise invalid_field(at, _highest_bit(strange))
        if self.medium:
            unit.check_ready()
        if self.writes:
            unit.check_writable()


def _highest_bit(value: int) -> int:
    bit = -1
    while value:
        value >>= 1
        bit += 1
    return bit


def _usage(text: str) -> bytes:
    return bytes([int(each, 16) for each in text.split()])


def _read(usage: str, handler=media.read) -> Command:
    return Command(_usage(usage), handler, on_failure=UNRECOVERED_READ_ERROR)


def _write(usage: str, handler=media.write, **more) -> Command:
    return Command(_usage(usage), handler, writes=True, on_failure=WRITE_ERROR, **more)


REQUEST_SENSE = Command(_usage("03 01 00 00 ff 00"), status.request_sense, anywhere=True)
READ = _read("28 18 ff ff ff ff 1f ff ff 00")
WRITE = _write("2a 18 ff ff ff ff 1f ff ff 00")

# By operation code; the value is a dict by service action where the command has those.
COMMANDS = {
    0x00: Command(_usage("00 00 00 00 00 00"), status.test_unit_ready),
    0x03: REQUEST_SENSE,
    0x08: _read("08 1f ff ff ff 00"),
    0x0A: _write("0a 1f ff ff ff 00"),
    0x12: Command(_usage("12 01 ff ff ff 00"), inquiry.inquiry, anywhere=True),
    0x15: Command(_usage("15 11 00 00 ff 00"), mode_select.mode_select_6, medium=False),
    0x1A: Command(_usage("1a 08 ff ff ff 00"), mode.mode_sense_6, medium=False),
    0x1B: Command(_usage("1b 01 00 0f f7 00"), medium.start_stop_unit, medium=False),
    0x1E: Command(_usage("1e 00 00 00 01 00"), medium.prevent_allow, medium=False),
    0x23: Command(_usage("23 00 00 00 00 00 00 ff ff 00"), medium.read_format_capacities, medium=False),
    0x25: Command(_usage("25 00 ff ff ff ff 00 00 01 00"), status.read_capacity_10),
    0x28: READ,
    0x2A: WRITE,
    0x2E: _write("2e 16 ff ff ff ff 1f ff ff 00", compare.write_and_verify),
    0x2F: _read("2f 16 ff ff ff ff 1f ff ff 00", compare.verify),
    0x34: _read("34 02 ff ff ff ff 1f ff ff 00", compare.prefetch),
    0x35: Command(_usage("35 06 ff ff ff ff 1f ff ff 00"), media.synchronize_cache),
    0x41: _write("41 08 ff ff ff ff 1f ff ff 00", provisioning.write_same),
    0x42: _write("42 00 00 00 00 00 1f ff ff 00", provisioning.unmap, thin=True),
    0x55: Command(_usage("55 11 00 00 00 00 00 ff ff 00"), mode_select.mode_select_10, medium=False),
    0x5A: Command(_usage("5a 18 ff ff 00 00 00 ff ff 00"), mode.mode_sense_10, medium=False),
    0x88: _read("88 18 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00"),
    0x89: _write("89 18 ff ff ff ff ff ff ff ff 00 00 00 ff 1f 00", compare.compare_and_write),
    0x8A: _write("8a 18 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00"),
    0x8B: _write("8b 18 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00", compare.or_write),
    0x8E: _write("8e 16 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00", compare.write_and_verify),
    0x8F: _read("8f 16 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00", compare.verify),
    0x90: _read("90 02 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00", compare.prefetch),
    0x91: Command(_usage("91 06 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00"), media.synchronize_cache),
    0x93: _write("93 09 ff ff ff ff ff ff ff ff ff ff ff ff 1f 00", provisioning.write_same),
    0x9C: _write("9c 18 ff ff ff ff ff ff ff ff 00 00 ff ff 1f 00", media.write_atomic),
    0x9E: {
        0x10: Command(_usage("9e 10 ff ff ff ff ff ff ff ff ff ff ff ff 01 00"), status.read_capacity_16),
        0x12: Command(
            _usage("9e 12 ff ff ff ff ff ff ff ff ff ff ff ff 00 00"), provisioning.get_lba_status, thin=True
        ),
    },
    0xA0: Command(_usage("a0 00 ff 00 00 00 ff ff ff ff 00 00"), inquiry.report_luns, anywhere=True),
    0xA8: _read("a8 18 ff ff ff ff ff ff ff ff 1f 00"),
    0xAA: _write("aa 18 ff ff ff ff ff ff ff ff 1f 00"),
    0xAE: _write("ae 16 ff ff ff ff ff ff ff ff 1f 00", compare.write_and_verify),
    0xAF: _read("af 16 ff ff ff ff ff ff ff ff 1f 00", compare.verify),
}
COMMANDS[0xA3] = {
    0x0C: Command(_usage("a3 0c 87 ff ff ff ff ff ff ff 00 00"), Opcodes(COMMANDS).report, medium=False),
}


def find(cdb) -> "Command | None":
    """The command that a CDB names."""
    found = COMMANDS.get(cdb[0])
    return found.get(cdb[1] & 0x1F if len(cdb) > 1 else 0) if type(found) is dict else found


def unknown(cdb) -> CheckCondition:
    """Why there is no such command."""
    has_actions = type(COMMANDS.get(cdb[0])) is dict
    return invalid_field(1, 4) if has_actions else CheckCondition(INVALID_OPCODE)
