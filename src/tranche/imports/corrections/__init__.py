"""Corrections: the rows that an import refused are kept, edited, judged again and brought in."""
