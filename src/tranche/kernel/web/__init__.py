"""The edge to HTTP: errors, bodies, access, pages, idempotency, streams and the server itself."""
