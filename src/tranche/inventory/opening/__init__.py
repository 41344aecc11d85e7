"""Opening stock as a target of imports."""
