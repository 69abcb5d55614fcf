"""The console of a board: a live status screen and a prompt on a serial line."""
