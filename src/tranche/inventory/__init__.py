"""Document 5: items, lots, and a ledger of stock that keeps its own balances."""
