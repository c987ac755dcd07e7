"""How a call runs: on a thread, on the loop, or as a task."""
