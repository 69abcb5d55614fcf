"""`make test`: the parts of the whole check, run side by side, bounded, and summed up in one line each."""
