"""Every SQL statement on the stage of an import of items, and on what such an import did."""
