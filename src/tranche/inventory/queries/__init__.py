"""Every SQL statement of stock: lots, movements, demand, and the imports of items."""
