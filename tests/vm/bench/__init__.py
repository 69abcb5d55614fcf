"""One run of the bench: a virtual machine that runs one script and hands back what came of it."""
