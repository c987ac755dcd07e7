"""The output side of a declaration: schema and rendering of results."""
