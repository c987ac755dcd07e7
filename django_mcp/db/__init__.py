"""Database access: statements written once, storable text."""
