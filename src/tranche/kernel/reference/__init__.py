"""The reference of the API as pages, made from the application's own OpenAPI document."""
