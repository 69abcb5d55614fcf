"""CPython's side of the ports."""
