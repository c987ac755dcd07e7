"""OAuth clients: metadata, redirect URIs, secrets and approval."""
