"""Invoices: issued from orders in bulk (document 2), numbered without gaps, voided and credited."""
