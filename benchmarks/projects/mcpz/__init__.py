"""django-mcpz."""
