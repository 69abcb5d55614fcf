"""What scripts that run inside the guest share: the bus, boards, the kernel's own gadget, a report of checks."""
