"""What became of the calls, by the rows and traces that they left."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group

from django_mcp.models import CallRecord, ToolTask
from tests.e2e.servers import Site

ALIAS = "site"
"""Under which this process knows the database of the site."""


def tasks() -> list[ToolTask]:
    return list(ToolTask.objects.using(ALIAS))


def task_of(tag: str) -> ToolTask:
    """The task of the call with this tag."""
    return ToolTask.objects.using(ALIAS).get(arguments__contains=f'"{tag}"')


def record_of(task: ToolTask) -> CallRecord:
    return CallRecord.objects.using(ALIAS).get(call_id=task.call_id)


def effects(tag: str) -> int:
    """How many rows the tool has written for this tag."""
    return Group.objects.using(ALIAS).filter(name__startswith=f"{tag}/").count()


def have_ended(tags: Collection[str]) -> bool:
    """Whether every one of these has ended, on record too."""
    ended = ToolTask.objects.using(ALIAS).filter(is_recorded=True)
    return len(tags) == sum(f'"{tag}"' in task.arguments for task in ended for tag in tags)


def traces(site: Site) -> list[str]:
    return Path(site.environment["TRACES"]).read_text().splitlines()


def arguments(tag: str, seconds: float) -> dict[str, Any]:
    return {"tag": tag, "seconds": seconds}
