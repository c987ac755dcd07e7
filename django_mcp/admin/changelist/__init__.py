"""Change lists of large tables: keyset pages, filters without counts."""
