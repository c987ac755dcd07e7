"""Client ID metadata documents (CIMD): fetch, validation and storage."""
