"""Organizations, their branches, the people who work in them, and the keys by which programs act for them."""
