"""Every SQL statement about identity."""
