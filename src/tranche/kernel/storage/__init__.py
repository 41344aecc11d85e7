"""Uploaded and produced files, kept by their content's hash, each organization for itself."""
