"""What runs on the operator's computer."""
