"""django_mcp."""
