"""The endpoint over HTTP, in front of Django's own application."""
