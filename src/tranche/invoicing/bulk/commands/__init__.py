"""`tranche pdfs` and `tranche send`, by way of a server."""
