"""Dynamic client registration (RFC 7591 and RFC 7592)."""
