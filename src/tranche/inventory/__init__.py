"""Stock: for now, items as a target of imports."""
