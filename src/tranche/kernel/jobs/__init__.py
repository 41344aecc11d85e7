"""The queue: jobs that commit together with the work they belong to, and the loop that takes them."""
