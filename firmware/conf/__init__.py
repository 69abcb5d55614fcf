"""The values and lines of board.conf, each file by who owns them; firmware/config.py puts them together."""
