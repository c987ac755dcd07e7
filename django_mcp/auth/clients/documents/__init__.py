"""Client ID metadata documents: fetched, checked and stored."""
