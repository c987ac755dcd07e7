"""Access tokens, refresh tokens and grants: queries, revocation, development tokens."""
