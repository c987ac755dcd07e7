"""JSON Schema of Django's forms, and JSON values as the data that their widgets read."""
