"""ASGI endpoint on an event loop of its own, for servers that run none."""
