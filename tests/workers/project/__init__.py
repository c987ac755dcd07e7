"""A project with a Celery app, as Celery's own guide for Django has it."""

from tests.workers.project.celery import app as celery_app

__all__ = ["celery_app"]
