"""Celery tasks of the project, which it serves as tools as well."""

import os
import uuid
from pathlib import Path

from celery import shared_task
from django.contrib.auth.models import Group

from tests.workers.project.celery import app


def note(line: str) -> int:
    """Leave a trace that no rollback removes; return how often it is there."""
    traces = Path(os.environ["TRACES"])
    with traces.open("a") as file:
        file.write(f"{line}\n")
    return traces.read_text().splitlines().count(line)


@shared_task(autoretry_for=(ConnectionError,), max_retries=1, default_retry_delay=1)  # type: ignore[untyped-decorator]
def fetch(tag: str) -> str:
    """Leave a trace and a row, and fail the first time."""
    times = note(f"start {tag}")
    Group.objects.create(name=f"{tag}/{uuid.uuid4()}")
    if times == 1:
        raise ConnectionError(tag)
    return tag


@app.task  # type: ignore[untyped-decorator]
def mail(tag: str) -> str:
    """Leave a trace and a row."""
    note(f"start {tag}")
    Group.objects.create(name=f"{tag}/{uuid.uuid4()}")
    return tag
