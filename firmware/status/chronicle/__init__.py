"""What a board remembers of itself across restarts: events, and how lag, backlog and rates went."""
