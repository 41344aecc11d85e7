"""A sample source: a second database, shaped as CC&B's tables are, filled with made-up customers."""
