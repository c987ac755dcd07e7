"""Schemas that a project has documented, where it has drf-spectacular."""
