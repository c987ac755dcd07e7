"""Background calls: their rows, the workers that run them, and those who wait for their end."""
