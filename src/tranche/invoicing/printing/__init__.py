"""Invoices on paper: one page design, many languages, PDF/A-3 with an electronic invoice inside."""
