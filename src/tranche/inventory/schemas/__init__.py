"""The wire contract of document 5 and of what is added to it."""
