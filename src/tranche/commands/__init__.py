"""The commands that run on the machine itself; those that ask a server over HTTP live in their modules."""
