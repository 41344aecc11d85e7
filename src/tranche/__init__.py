"""Tranche: bulk back-office work without a lost item."""

__version__ = "0.1.0"
