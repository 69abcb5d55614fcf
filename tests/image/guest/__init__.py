"""What runs inside a booted image, sent there by the tests: the host that the board is plugged into."""
