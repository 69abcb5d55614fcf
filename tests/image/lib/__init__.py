"""A disk image that boots in QEMU: its card, the machine around it, a root shell in it, its surfaces outside."""
