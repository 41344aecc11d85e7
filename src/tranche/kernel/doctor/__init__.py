"""What must always be true of an installation, and whether it is."""
