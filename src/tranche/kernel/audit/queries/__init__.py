"""What the audit log asks the database."""
