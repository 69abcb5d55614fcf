"""A host, a bus and a disk around the firmware's Bulk-Only Transport and SCSI, for input that nobody means well.

The host keeps to the bus's rules, whatever it says on it. `meaning` is what the commands mean, read from SBC-3 and
written without the firmware's help; `session` holds the firmware against it.
"""
