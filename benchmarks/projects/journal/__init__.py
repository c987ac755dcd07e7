"""The audit row that a project without django_mcp would keep."""
