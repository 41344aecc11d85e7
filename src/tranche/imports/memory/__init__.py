"""Remembered mappings: what a person said about a header serves the next file that has it."""
