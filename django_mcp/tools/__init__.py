"""Tools: the `@tool` decorator, and what no other kind of primitive has."""
