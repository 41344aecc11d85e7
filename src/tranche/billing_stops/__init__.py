"""Document 4: a snapshot of a source, read at night, checked, published at once, looked at all day."""
