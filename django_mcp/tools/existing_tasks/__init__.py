"""Tasks that a project has already, as background tools: those of Celery, and Django's own."""
