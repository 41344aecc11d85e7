"""Every SQL statement of invoices."""
