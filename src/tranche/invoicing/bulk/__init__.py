"""Document 3: invoices for customers, their PDFs, and their sending, in bulk."""
