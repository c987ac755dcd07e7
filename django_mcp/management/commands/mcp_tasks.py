"""`manage.py mcp_tasks`: list, cancel, sweep and prune the tasks of background calls."""

import json
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from typing_extensions import override

from django_mcp.audit.redaction import redact
from django_mcp.background.cancellation import cancel
from django_mcp.background.recovery import recover_tasks
from django_mcp.escapes import printable
from django_mcp.management.arguments import count
from django_mcp.management.formats import counted, moment_text
from django_mcp.models import IdempotencyKey, StoredResult, ToolTask, UsedRequestState
from django_mcp.primitives.registry import get_registry
from django_mcp.tools.tool import Tool

DEFAULT_LIMIT = 50


class Command(BaseCommand):
    """Command that prints tasks (`list`, the default), the latest last, or changes them."""

    help = "List the tasks of background calls, cancel, sweep or prune them."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.set_defaults(status=None, tool=None, limit=DEFAULT_LIMIT)
        actions = parser.add_subparsers(dest="action")
        list_parser = actions.add_parser("list", help="print tasks (the default)")
        list_parser.add_argument(
            "--status", choices=ToolTask.Status.values, help="with this status"
        )
        list_parser.add_argument("--tool", help="of this tool")
        list_parser.add_argument(
            "--limit",
            type=count,
            default=DEFAULT_LIMIT,
            help=f"number of the latest tasks ({DEFAULT_LIMIT})",
        )
        for action, meaning in (
            ("show", "print all of a task but its secrets and input responses, as JSON"),
            ("cancel", "cancel a task"),
        ):
            chosen = actions.add_parser(action, help=meaning)
            chosen.add_argument("id", type=UUID, help="the task's id, or that of its call")
        actions.add_parser(
            "sweep", help="run again or end the tasks whose workers have died, delete expired ones"
        )
        actions.add_parser("prune", help="delete expired tasks and stored results")

    @override
    def handle(self, *args: Any, action: str | None, **options: Any) -> None:
        """Run the command."""
        match action:
            case "show":
                self._show(_task(options["id"]))
            case "cancel":
                self._cancel(_task(options["id"]))
            case "sweep":
                swept = recover_tasks()
                self.stdout.write(
                    f"{counted(swept.queued, 'task')} queued again, {swept.ended} ended, "
                    f"{swept.recorded} recorded, {swept.deleted} deleted"
                )
            case "prune":
                UsedRequestState.objects.prune()
                IdempotencyKey.objects.prune()
                StoredResult.objects.prune()
                self.stdout.write(f"{counted(ToolTask.objects.prune(), 'task')} deleted")
            case _:
                self._list(options["status"], options["tool"], options["limit"])

    def _list(self, status: str | None, tool: str | None, limit: int) -> None:
        tasks = ToolTask.objects.newest_first().without_payload()
        if status is not None:
            tasks = tasks.filter(status=status)
        if tool is not None:
            tasks = tasks.filter(name=tool)
        for task in reversed(tasks[:limit]):
            self.stdout.write(_line(task))

    def _show(self, task: ToolTask) -> None:
        facts = {field.attname: getattr(task, field.attname) for field in task._meta.fields}
        for name in ("secrets", "input_responses"):  # encrypted, both
            del facts[name]
        tool = get_registry().find(Tool, task.name)
        schema = None if tool is None else tool.argument_schema
        facts["arguments"] = redact(json.loads(task.arguments), schema)
        for name in ("input_requests", "result", "error"):
            facts[name] = json.loads(facts[name] or "null")
        # Escaped to ASCII, so that no call writes commands to the terminal.
        self.stdout.write(json.dumps(facts, cls=DjangoJSONEncoder, indent=2))

    def _cancel(self, task: ToolTask) -> None:
        cancel(task.pk)
        task.refresh_from_db()
        state = "to be cancelled" if task.status == ToolTask.Status.WORKING else task.status
        self.stdout.write(f"{task.pk} is {state}")


def _task(key: UUID) -> ToolTask:
    tasks = ToolTask.objects.all()
    task = tasks.filter(pk=key).first() or tasks.filter(call_id=key).first()
    if task is None:
        raise CommandError(f"There is no task with the id {key}.")
    return task


def _line(task: ToolTask) -> str:
    total = "" if task.progress_total is None else f"/{task.progress_total:g}"
    progress = "" if task.progress is None else f"{task.progress:g}{total}"
    caller = printable(task.username or task.user or "anonymous")
    message = f"  {printable(task.progress_message)}" if task.progress_message else ""
    return (
        f"{moment_text(task.created)}  {task.status:<14}  {progress:>9}  "
        f"{printable(task.name)}  {caller}  {task.pk}{message}"
    )
