"""The SQL of imports of opening stock."""
