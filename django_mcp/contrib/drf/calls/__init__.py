"""Calls of views: the request that a tool makes, and the response as its result."""
