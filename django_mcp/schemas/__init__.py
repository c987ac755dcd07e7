"""JSON Schema from Python annotations, and values to and from JSON."""
