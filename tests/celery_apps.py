"""Celery apps, good and bad, for the checks."""

from celery import Celery

good = Celery("good", broker="redis://127.0.0.1:1", set_as_current=False)
eager = Celery("eager", broker="redis://127.0.0.1:1", set_as_current=False)
eager.conf.task_always_eager = True
sqla = Celery("sqla", broker="sqla+sqlite://", set_as_current=False)
memory = Celery("memory", broker="memory://", set_as_current=False)
