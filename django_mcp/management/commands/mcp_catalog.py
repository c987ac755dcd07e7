"""`manage.py mcp_catalog`: list tools, resources and prompts; sync, enable, disable groups."""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections, router
from typing_extensions import override

from django_mcp.catalog import Entry, survey
from django_mcp.escapes import printable
from django_mcp.kinds import Kind
from django_mcp.management.formats import counted
from django_mcp.management.lookups import (
    add_endpoint_argument,
    find_endpoint,
    find_scopes,
    find_user,
)
from django_mcp.models import ToolGroup
from django_mcp.policy.groups import sync_groups
from django_mcp.policy.operator_messages import (
    closed_groups,
    closed_groups_advice,
    nothing_declared,
)
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.primitives.primitive import Primitive
from django_mcp.primitives.registry import get_registry
from django_mcp.principals import Principal
from django_mcp.prompts.prompt import Prompt
from django_mcp.resources.resource import Resource
from django_mcp.tools.tool import Tool
from django_mcp.user_labels import user_label

ACTIONS = ("list", "sync", "enable", "disable")


class Command(BaseCommand):
    """Command that prints what is declared by group (`list`, the default), or changes the groups.

    `sync` creates missing group rows, `enable` opens groups, and `disable` closes them.
    """

    help = (
        "List the MCP tools, resources and prompts, all or as one caller sees them; or sync, "
        "enable or disable their groups."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument("action", nargs="?", choices=ACTIONS, default="list")
        parser.add_argument(
            "groups",
            nargs="*",
            default=[],
            metavar="GROUP",
            help="with enable and disable: the groups to open or close",
        )
        parser.add_argument(
            "--kind", choices=[*map(str, Kind)], help="with list: those of this kind alone"
        )
        parser.add_argument(
            "--user",
            help="list what this user (username, key, e-mail address) sees, and why not the rest",
        )
        parser.add_argument("--client", default="", help="with --user: through this client id")
        parser.add_argument(
            "--scopes", help="with --user: with a token of these scopes (default: all)"
        )
        add_endpoint_argument(parser, note="with --user: ")
        parser.add_argument(
            "--database",
            choices=tuple(connections),
            help="with sync, enable and disable: the database (default: the one for writes)",
        )

    @override
    def handle(
        self,
        *args: Any,
        action: str,
        groups: list[str],
        kind: str | None,
        user: str | None,
        **options: Any,
    ) -> None:
        """Run the command."""
        using = options["database"] or router.db_for_write(ToolGroup)
        is_change = action in ("enable", "disable")
        if groups and not is_change:
            raise CommandError(
                f"Only enable and disable take groups: mcp_catalog enable {' '.join(groups)}"
            )
        if kind is not None and action != "list":
            raise CommandError(f"Only list takes --kind, and {action} is about whole groups.")
        kinds = tuple(Kind) if kind is None else (Kind(kind),)
        if is_change:
            self._set_enabled(groups, action == "enable", using=using)
        elif action == "sync":
            created = sync_groups(using=using)
            for name in created:
                self.stdout.write(f"created {name}")
            self.stdout.write(f"{counted(len(created), 'row')} created")
        elif user is None:
            if options["client"] or options["scopes"] is not None:
                raise CommandError("--client and --scopes need --user.")
            self._list_all(kinds)
        else:
            self._list_for(self._principal(user, **options), kinds)

    def _set_enabled(self, groups: list[str], enabled: bool, *, using: str) -> None:
        known = current_snapshot().registry.groups
        unknown = [name for name in groups if name not in known]
        if unknown or not groups:
            missing = f"Name the groups to {'open' if enabled else 'close'}"
            problem = f"There is no group {unknown[0]!r}" if unknown else missing
            raise CommandError(f"{problem}. The groups are: {' '.join(known) or '(none)'}.")
        sync_groups(using=using)
        rows = ToolGroup.objects.using(using).filter(name__in=groups, enabled=not enabled)
        for group in rows:
            group.enabled = enabled
            group.save(using=using, update_fields=["enabled"])
            self.stdout.write(f"{'enabled' if enabled else 'disabled'} {group.name}")

    def _list_all(self, kinds: Collection[Kind]) -> None:
        snapshot = current_snapshot()
        every = snapshot.registry.primitives.values()
        listed = [each for each in every if each.kind in kinds]
        for group in sorted({each.group for each in listed}):
            policy = snapshot.policy(group)
            state = "enabled" if policy.enabled else "disabled"
            self.stdout.write(f"{group} ({state}{', read-only' if policy.read_only else ''})")
            for primitive in (each for each in listed if each.group == group):
                off = " [switched off]" if primitive.key in policy.switched_off else ""
                self.stdout.write(f"  {_name(primitive)}{off}")
                self.stdout.write(f"    {_facts(primitive)}")
                if limits := ", ".join(_limits(primitive)):
                    self.stdout.write(f"    {limits}")
        numbers = Counter({next(iter(kinds)): 0})
        numbers.update(each.kind for each in listed)
        self.stdout.write(", ".join(counted(number, kind) for kind, number in numbers.items()))
        if not listed:
            self.stdout.write(nothing_declared(*kinds))
        elif closed := closed_groups(snapshot):
            self.stdout.write(closed_groups_advice(closed))

    def _list_for(self, principal: Principal, kinds: Collection[Kind]) -> None:
        entries = [each for each in survey(principal) if each.primitive.kind in kinds]
        name = printable(user_label(principal.user))
        visible = [entry for entry in entries if entry.denial is None]
        hidden = [entry for entry in entries if entry.denial is not None]
        for title, chosen in (("Visible to", visible), ("Hidden from", hidden)):
            self.stdout.write(f"{title} {name}: {len(chosen)}")
            for entry in chosen:
                self.stdout.write(
                    f"  {_name(entry.primitive)} ({entry.primitive.group}){_why(entry)}"
                )
        if closed := closed_groups(current_snapshot()):
            self.stdout.write(closed_groups_advice(closed))

    def _principal(
        self, user: str, *, client: str, scopes: str | None, endpoint: str, **options: Any
    ) -> Principal:
        held = get_registry().scopes if scopes is None else find_scopes(scopes)
        return Principal(
            endpoint=find_endpoint(endpoint),
            user=find_user(user),
            client_id=client,
            scopes=frozenset(held),
        )


def _name(primitive: Primitive) -> str:
    kind = "" if primitive.kind is Kind.TOOL else f"{primitive.kind} "
    return f"{kind}{primitive.name}"


def _facts(primitive: Primitive) -> str:
    facts = list(_own_facts(primitive))
    facts.append(f"scopes: {' '.join(sorted(primitive.scopes)) or 'none'}")
    facts.append(f"permissions: {' '.join(primitive.permissions) or 'none'}")
    if primitive.requires is not None:
        facts.append(f"requires: {primitive.requires.name}")
    return ", ".join(facts)


def _own_facts(primitive: Primitive) -> Iterator[str]:
    """Yield what only its kind has."""
    match primitive:
        case Tool():
            annotations = {
                "read-only": primitive.read_only,
                "destructive": primitive.destructive,
                "idempotent": primitive.idempotent,
                "open world": primitive.open_world,
                "in the background": primitive.background is not None,
            }
            yield from (name for name, holds in annotations.items() if holds)
        case Resource():
            yield primitive.uri
            if primitive.mime_type is not None:
                yield primitive.mime_type
        case Prompt():
            arguments = [
                each.name if each.required else f"[{each.name}]" for each in primitive.arguments
            ]
            yield f"arguments: {' '.join(arguments) or 'none'}"


def _limits(primitive: Primitive) -> Iterator[str]:
    """Yield what its declaration limits, and what happens where it fails or is repeated."""
    yield from (f"rate: {rate}" for rate in primitive.rates)
    if primitive.max_concurrent is not None:
        yield f"at once: {primitive.max_concurrent}"
    if primitive.timeout is not None:
        yield f"timeout: {primitive.timeout:g} s"
    if primitive.retry is not None:
        yield f"runs again: {primitive.retry.times}"
    if primitive.breaker is not None:
        name = primitive.breaker.name
        yield "breaker of its own" if name is None else f"breaker: {name}"
    if primitive.cache is not None:
        yield f"cache: {primitive.cache.seconds} s"
    if isinstance(primitive, Tool):
        if primitive.idempotency_key is not None:
            yield f"idempotency key: {primitive.idempotency_key}"
        if primitive.overflow != "refuse":
            yield f"overflow: {primitive.overflow}"


def _why(entry: Entry) -> str:
    return f": {'; '.join(entry.reasons)}" if entry.reasons else ""
