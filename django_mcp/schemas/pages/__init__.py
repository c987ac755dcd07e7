"""Pagination of results by opaque cursors."""
