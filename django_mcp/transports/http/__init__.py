"""Streamable HTTP as an ASGI application in front of Django's own."""
