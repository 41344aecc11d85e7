"""A client for programs: generated from the OpenAPI document, and used as the guide for integrators says."""
