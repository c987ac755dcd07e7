"""Background tasks: rows, workers, recovery, and the requests that wait for a task."""
