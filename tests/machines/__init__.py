"""Several machines: processes with homes of their own that share a database and a bucket."""
