"""What the examination asks the database."""
