"""Schemathesis over the whole OpenAPI description: all checks, and sequences of requests that build on each other."""
