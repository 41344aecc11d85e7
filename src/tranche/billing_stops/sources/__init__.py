"""Where snapshots come from: PostgreSQL, Oracle, CSV files, behind one port."""
