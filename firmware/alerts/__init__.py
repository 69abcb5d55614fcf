"""Telling people who do not look: what is wrong, that it is over, and, by pings that stay away, that nobody tells."""
