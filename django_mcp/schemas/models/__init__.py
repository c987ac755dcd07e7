"""Django models in schemas: fields, related rows and keyset order."""
