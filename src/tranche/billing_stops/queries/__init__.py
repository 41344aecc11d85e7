"""Every SQL statement of snapshots, by what it is about."""
