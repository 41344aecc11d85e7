"""Backup and restore: the database as one moment saw it, every file that it names, and the signing key."""
