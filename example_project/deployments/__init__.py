"""Services, their releases, and the platform that runs them."""
