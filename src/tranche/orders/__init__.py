"""Orders that come in by spreadsheets (document 1): batches, orders, lines."""
