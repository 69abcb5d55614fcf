"""Coverage-guided fuzzing of everything that reads what others wrote: `python -m tests.fuzz.targets NAME --seconds N`.

A target is a module with `one(data)`, which raises when something is wrong, `seeds()`, valid inputs to begin with,
and `MAX_INPUT` in bytes. Its input is a script of what the other side does, so that what lies behind checksums
and handshakes is reached. A fault is any exception that leaves `one`, an input that takes longer than 5 s, or a
process larger than 512 MiB.
"""

NAMES = ("link", "nbd", "ring", "chronicle", "http", "console", "usb")
