"""Admin of OAuth clients: registrations, approval and revocation of access."""
