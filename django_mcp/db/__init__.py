"""Database access: connections, statements whose SQL is written once, storable text."""
