"""The command line of items, lots and stock."""
