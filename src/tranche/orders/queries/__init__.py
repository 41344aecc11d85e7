"""Every SQL statement on order batches, orders and the stage of their import."""
