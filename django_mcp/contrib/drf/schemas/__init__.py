"""JSON Schemas of serializers: of what they accept, and of what they render."""
