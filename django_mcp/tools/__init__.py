"""Tools: the `@tool` decorator, its options, and the resolved `Tool`."""
