"""The documentation: Markdown for readers, and the two modules that make it."""
