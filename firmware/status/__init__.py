"""What a board says about itself, and the actions it takes from its operator."""
