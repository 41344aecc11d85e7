"""What schedules ask the database."""
