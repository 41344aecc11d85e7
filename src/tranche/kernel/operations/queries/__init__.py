"""Every SQL statement of the ledger: operations, items, claims and workers."""
