"""What a board answers over HTTP: its page, its API, its metrics, and who may ask for what."""
