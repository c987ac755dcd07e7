"""Pagination of tool results by opaque cursors."""
