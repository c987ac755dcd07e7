"""Worker threads, and the crossing between sync and async."""
