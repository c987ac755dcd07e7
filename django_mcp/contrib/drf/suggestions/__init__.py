"""Suggestions: tools that the views of a project would make, as code with the dangers of each."""
