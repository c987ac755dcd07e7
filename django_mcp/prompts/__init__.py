"""Prompts: messages that users begin a conversation with, as `@prompt` declares them."""
