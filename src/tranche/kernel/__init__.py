"""Shared ground that knows no business words: database, identity, operations, web."""
