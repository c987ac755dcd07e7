"""Who calls: authenticators, and what OAuth clients need to find their way in."""
