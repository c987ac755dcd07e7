"""`manage.py mcp_audit`: list, sweep and prune the record of calls."""

import datetime
import json
import os
import sys
import time
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.utils import timezone
from typing_extensions import override

from django_mcp.auth.users import resolve_user
from django_mcp.db.text import storable_text
from django_mcp.escapes import printable
from django_mcp.kinds import Kind
from django_mcp.management import arguments
from django_mcp.management.arguments import age, count
from django_mcp.management.follower import Follower
from django_mcp.management.formats import counted, moment_text
from django_mcp.management.lookups import quoted, unresolved_text
from django_mcp.models import CallRecord
from django_mcp.models.records import CallRecordQuerySet
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.user_labels import MAX_LABEL_CHARACTERS

DEFAULT_LIMIT = 50
POLL_SECONDS = 1.0
"""Time between two polls of `--follow`: no notification of new rows works on every database."""

CHOICES = ("user", "kind", *map(str, Kind), "outcome", "since", "limit", "json", "follow")


class Command(BaseCommand):
    """Command that prints calls (`list`, the default), the latest last, or changes their rows."""

    help = "Print the record of MCP calls, or keep it in order."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        _add_choices(parser, default=None)
        actions = parser.add_subparsers(dest="action")
        _add_choices(actions.add_parser("list", help="print calls (the default)"), SUPPRESS)
        sweep = actions.add_parser(
            "sweep", help="mark calls that never ended, because their process died, as unknown"
        )
        sweep.add_argument(
            "--older-than", type=age, default=age("1h"), help="began longer ago than this (1h)"
        )
        prune = actions.add_parser("prune", help="delete old records")
        prune.add_argument("--older-than", type=age, required=True, help="such as 90d")

    @override
    def handle(self, *args: Any, action: str | None, **options: Any) -> None:
        """Run the command."""
        if action in (None, "list"):
            self._print(**{name: options[name] for name in CHOICES})
            return
        if chosen := [f"--{name}" for name in CHOICES if options[name] is not None]:
            # Or an operator would delete all records instead of those of one user.
            raise CommandError(f"{action} is about all calls, so it takes no {' '.join(chosen)}.")
        if action == "sweep":
            number = CallRecord.objects.sweep(older_than=options["older_than"])
            self.stdout.write(f"{counted(number, 'call')} marked unknown")
        else:
            number = CallRecord.objects.prune(older_than=options["older_than"])
            self.stdout.write(f"{counted(number, 'record')} deleted")

    def _print(
        self,
        *,
        outcome: str | None,
        limit: int | None,
        json: bool | None,
        follow: bool | None,
        **choices: Any,
    ) -> None:
        for kind in Kind:
            name = choices[kind]
            if name is not None and (note := _unused_text(kind, name)):
                self.stderr.write(note)
        records = _chosen(**choices)
        listed = records if outcome is None else records.filter(outcome=outcome)
        if limit is None and choices["since"] is None:
            limit = DEFAULT_LIMIT
        try:
            follower = Follower(records, outcome=outcome) if follow else None
            if follower is not None:
                # What is written from now on comes after the list, and once.
                listed = listed.filter(pk__lte=follower.last)
            self._write(_latest(listed, limit), as_json=bool(json))
            while follower is not None:
                self._write(follower.poll(), as_json=bool(json))
                if not follower.is_behind:
                    time.sleep(POLL_SECONDS)  # other processes write, and send no notification
        except KeyboardInterrupt:
            return
        except BrokenPipeError:
            # The reader has gone; Python would complain when it closes the output.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _write(self, records: Iterable[CallRecord], *, as_json: bool) -> None:
        for record in records:
            self.stdout.write(_json(record) if as_json else _line(record))
        self.stdout.flush()


def _add_choices(parser: ArgumentParser, default: Any) -> None:
    """Add the options of `list`; those that are not given keep the value before the action."""
    parser.add_argument(
        "--user",
        default=default,
        help="calls of this user, by username, key or e-mail address, or by the name on record",
    )
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument(
        "--kind", default=default, choices=[*map(str, Kind)], help="calls of this kind"
    )
    kinds.add_argument("--tool", default=default, metavar="NAME", help="calls of this tool")
    kinds.add_argument(
        "--resource",
        default=default,
        metavar="NAME",
        help="reads of this resource, by its name, or by the URI where there was none",
    )
    kinds.add_argument("--prompt", default=default, metavar="NAME", help="calls of this prompt")
    parser.add_argument(
        "--outcome",
        default=default,
        type=arguments.outcome,
        help="calls with this outcome, such as failed",
    )
    parser.add_argument(
        "--since", default=default, type=age, help="not older than this, such as 1h"
    )
    parser.add_argument(
        "--limit",
        default=default,
        type=count,
        help=f"number of the latest calls ({DEFAULT_LIMIT}; with --since all)",
    )
    parser.add_argument(
        "--json", default=default, action="store_true", help="print a JSON object on each line"
    )
    parser.add_argument(
        "--follow", default=default, action="store_true", help="go on and print new calls"
    )


def _chosen(
    *,
    user: str | None,
    kind: str | None,
    since: datetime.timedelta | None,
    **names: str | None,
) -> CallRecordQuerySet:
    records = CallRecord.objects.all()
    if user is not None:
        records = records.filter(_of_user(user))
    if kind is not None:
        records = records.filter(kind=kind)
    for kind_of_name, name in names.items():
        if name is not None:
            records = records.filter(kind=kind_of_name, name=name)
    if since is not None:
        records = records.filter(started__gte=timezone.now() - since)
    return records


def _of_user(text: str) -> Q:
    """Return the condition of the calls of a user, who may be deleted or renamed by now.

    Raises `CommandError` when neither a user nor a call is known by this text.
    """
    resolution = resolve_user(text)
    if resolution.user is not None:
        key = str(resolution.user.pk)
        return Q(user=key) if text == key else Q(user=key) | Q(username=text)
    on_record = Q(user=text) | Q(username=text)
    is_storable = storable_text(text, MAX_LABEL_CHARACTERS) == text
    is_known = is_storable and CallRecord.objects.filter(on_record).exists()
    if resolution.is_ambiguous or not is_known:
        raise CommandError(unresolved_text(text, resolution))
    return on_record


def _unused_text(kind: Kind, name: str) -> str:
    """Return the note that no call of a name is on record; empty if there is one.

    Raises `CommandError` when nothing of the kind has the name either.
    """
    is_storable = storable_text(name, len(name)) == name
    if is_storable and CallRecord.objects.filter(kind=kind, name=name).exists():
        return ""
    names = [
        each.name for each in current_snapshot().registry.primitives.values() if each.kind is kind
    ]
    if name in names:
        return f"No call of the {kind} {name} is on record."
    head = f"No call of a {kind} {quoted(name)} is on record, and no {kind} has this name."
    if not (meant := get_close_matches(name, names)):
        raise CommandError(head)
    lines = "\n".join(f"  {each}" for each in meant)
    raise CommandError(f"{head} Did you mean one of these?\n{lines}")


def _latest(records: CallRecordQuerySet, limit: int | None) -> Iterable[CallRecord]:
    """Return the latest records, the newest last."""
    if limit is None:
        return records.order_by("started", "pk").iterator(chunk_size=1_000)
    return reversed(records.newest_first()[:limit])


def _json(record: CallRecord) -> str:
    fields = record._meta.concrete_fields
    facts = {field.attname: getattr(record, field.attname) for field in fields}
    # Escaped to ASCII, so that no call writes commands to the terminal.
    return json.dumps(facts, cls=DjangoJSONEncoder)


def _line(record: CallRecord) -> str:
    took = "" if record.duration_ms is None else f"{record.duration_ms} ms"
    caller = printable(record.username or record.user or "anonymous")
    client = printable(record.client_name or record.client or "-")
    error = f"  {printable(record.error_class)}" if record.error_class else ""
    kind = "" if record.kind == Kind.TOOL else f"{printable(record.kind)} "
    calls = "" if record.calls == 1 else f"  {counted(record.calls, 'call')}"
    return (
        f"{moment_text(record.started)}  {record.outcome:<17}  {took:>9}  "
        f"{kind}{printable(record.name)}  {caller}  {client}  {record.call_id}{error}{calls}"
    )
