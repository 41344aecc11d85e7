"""Every SQL statement of messages."""
