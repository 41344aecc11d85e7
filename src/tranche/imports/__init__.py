"""Spreadsheets in: reading, mapping of columns, staging and judging; targets register with it."""
