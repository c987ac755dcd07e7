"""Authentication: authenticators of requests, OAuth clients, tokens and consent."""
