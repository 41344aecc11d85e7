"""The other end of the wire: what the command line needs to talk to a server."""
