"""Completions: values that clients offer their users for arguments of prompts and templates."""
