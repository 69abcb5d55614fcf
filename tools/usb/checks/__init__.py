"""The checks of a Bulk-Only device, over any Wire. Section numbers are those of BOT 1.0 unless another is named."""

from tools.usb.checks import invalid, resets, thirteen, transfers

ALL = thirteen.CHECKS + transfers.CHECKS + invalid.CHECKS + resets.CHECKS
