"""Background calls on real workers: Celery's, over `BROKER_URL`, and those of django-tasks-db."""
