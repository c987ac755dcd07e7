"""The authorization endpoint and its consent page."""
