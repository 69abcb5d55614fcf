"""A bootable disk image for one kind of board, from Debian packages: `python3 -m tools.image --help`."""
