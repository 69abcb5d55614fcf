"""The deterministic simulator: the whole pair in one process and one thread, from one printed seed."""
