"""Services, what was released of them, and the platform that runs them."""
