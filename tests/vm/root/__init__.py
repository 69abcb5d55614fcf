"""The guest's kernel and root file system: what is in them, and how they are built and kept."""
