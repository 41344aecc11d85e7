"""Every SQL statement of document 3's operations."""
