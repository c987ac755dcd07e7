"""Output of functions: output schema, serialization and rendering of results."""
