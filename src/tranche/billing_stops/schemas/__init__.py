"""The wire contract of document 4, by what it is about."""
