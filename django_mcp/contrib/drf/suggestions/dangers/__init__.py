"""Dangers of actions, as far as the code of a view tells: one module for each sort."""
