"""The ways in which a message leaves: each provider behind one protocol."""
