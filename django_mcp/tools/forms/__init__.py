"""Forms of Django as tools."""
