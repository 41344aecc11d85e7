"""Work by the clock: when it is due, that it runs once, and what became of it."""
