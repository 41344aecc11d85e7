"""The wire contract of invoices: document 2's own words in `jobs`, ours in `invoices` and `choices`."""
