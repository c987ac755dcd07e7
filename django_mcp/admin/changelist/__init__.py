"""Change lists of large tables: keyset queries, and filters without counts."""
