"""Prompt templates: prompts that operators write in the admin, and the engine of their texts."""
