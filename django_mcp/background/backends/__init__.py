"""Background backends: Celery, Django's Tasks, threads."""
