"""Model admin of the prompts that operators write, with a preview on the same page."""
