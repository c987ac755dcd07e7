"""Authentication: authenticators of requests, and the OAuth server that issues tokens."""
