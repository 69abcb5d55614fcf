"""MicroPython's side of the ports (unix port): what `os` and `socket` lack is reached through `ffi`."""
