"""Interoperability: the official conformance suite, the Inspector, the TypeScript client."""
