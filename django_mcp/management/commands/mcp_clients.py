"""`manage.py mcp_clients`: list, approve, block and prune self-registered OAuth clients."""

import datetime
import json
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from typing_extensions import override

from django_mcp.conf import settings
from django_mcp.escapes import printable
from django_mcp.management.arguments import age, client_id, count
from django_mcp.management.formats import counted, moment_text
from django_mcp.models import ClientRegistration

if TYPE_CHECKING:  # django-oauth-toolkit may not be installed
    from django_mcp.auth.clients.details import Client

DEFAULT_LIMIT = 50
BATCH_ROWS = 500
"""Applications of one query: databases limit the number of parameters."""


class Command(BaseCommand):
    """Command that prints applications (`list`, the default), the latest last, or changes them."""

    help = "List the applications that registered themselves; approve, block or prune them."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.set_defaults(standing=None, source=None, limit=DEFAULT_LIMIT, json=False)
        actions = parser.add_subparsers(dest="action")
        list_parser = actions.add_parser("list", help="print the applications (the default)")
        list_parser.add_argument(
            "--standing", choices=ClientRegistration.Standing.values, help="with this standing"
        )
        list_parser.add_argument(
            "--source", choices=ClientRegistration.Source.values, help="registered in this way"
        )
        list_parser.add_argument(
            "--limit",
            type=count,
            default=DEFAULT_LIMIT,
            help=f"number of the latest applications ({DEFAULT_LIMIT})",
        )
        list_parser.add_argument(
            "--json", action="store_true", help="print a JSON object on each line"
        )
        for action, meaning in (
            ("show", "print an application with its registration, as JSON"),
            ("approve", "approve an application, which need not have registered yet"),
            ("block", "revoke all tokens of an application, and issue it none"),
            ("unblock", "reset the standing of an application to new"),
        ):
            chosen = actions.add_parser(action, help=meaning)
            chosen.add_argument(
                "client_id", metavar="ID", type=client_id, help="the application's client id"
            )
        prune = actions.add_parser(
            "prune", help="delete self-registered applications that are not used"
        )
        prune.add_argument(
            "--older-than",
            type=age,
            help="registered and last used longer ago, e.g. 90d (DJANGO_MCP_PRUNE_CLIENTS_AFTER)",
        )

    @override
    def handle(self, *args: Any, action: str | None, **options: Any) -> None:
        """Run the command."""
        if not apps.is_installed("oauth2_provider"):
            raise CommandError("Applications are django-oauth-toolkit's, which is not installed.")
        match action:
            case "show":
                self._show(options["client_id"])
            case "approve" | "block" | "unblock":
                self._set_standing(action, options["client_id"])
            case "prune":
                self._prune(options["older_than"])
            case _:
                self._list(
                    options["standing"], options["source"], options["limit"], options["json"]
                )

    def _list(self, standing: str | None, source: str | None, limit: int, as_json: bool) -> None:
        from django_mcp.auth.clients.details import clients_of

        registrations = ClientRegistration.objects.newest_first()
        if standing is not None:
            registrations = registrations.filter(standing=standing)
        if source is not None:
            registrations = registrations.filter(source=source)
        rows = list(reversed(registrations[:limit]))
        for start in range(0, len(rows), BATCH_ROWS):
            for client in clients_of(rows[start : start + BATCH_ROWS]):
                # Escaped to ASCII, so that no application writes commands to the terminal.
                self.stdout.write(
                    json.dumps(_facts(client), cls=DjangoJSONEncoder) if as_json else _line(client)
                )

    def _show(self, client_id: str) -> None:
        client = _known(client_id)
        facts = _facts(client) | {
            "redirect_uris": client.redirect_uris,
            "scopes": client.scopes(),
        }
        self.stdout.write(json.dumps(facts, cls=DjangoJSONEncoder, indent=2))

    def _set_standing(self, action: str, client_id: str) -> None:
        from django_mcp.auth.clients.decisions import approve, block, unblock
        from django_mcp.auth.clients.details import find_client

        client = find_client(client_id)
        shown = printable(client_id)
        # Operators may decide before the application exists, as with the URL of its document.
        note = "" if client is not None and client.application else " (no such application yet)"
        if action == "approve":
            repeats = approve(client_id)
            self.stdout.write(f"{shown} is approved{note}")
            for repeat in repeats:
                self.stdout.write(f"{printable(repeat)} is approved: it repeats the registration")
        elif action == "block":
            revoked = block(client_id)
            self.stdout.write(f"{shown} is blocked{note}, {counted(revoked, 'token')} revoked")
        else:
            _known(client_id)
            unblock(client_id)
            self.stdout.write(f"{shown} is new")

    def _prune(self, older_than: datetime.timedelta | None) -> None:
        from django_mcp.auth.clients.retention import prune_clients

        if older_than is None:
            older_than = datetime.timedelta(days=settings.PRUNE_CLIENTS_AFTER)
        number = prune_clients(older_than=older_than)
        self.stdout.write(f"{counted(number, 'application')} deleted")


def _known(client_id: str) -> "Client":
    from django_mcp.auth.clients.details import find_client

    client = find_client(client_id)
    if client is None:
        raise CommandError(f"There is no application with the id {printable(client_id)}.")
    return client


def _facts(client: "Client") -> dict[str, Any]:
    registration = client.registration
    return {
        "client_id": client.client_id,
        "name": client.name,
        "source": client.source,
        "address": registration.address,
        "registered": registration.created if registration.pk else client.application.created,
        "last_used": registration.last_used,
        "standing": registration.standing,
        "users": client.users,
        "exists": client.application is not None,
    }


def _line(client: "Client") -> str:
    registration = client.registration
    last_used = registration.last_used
    used = "never used" if last_used is None else f"used {moment_text(last_used)}"
    address = printable(registration.address) or "-"
    name = printable(client.name) or ("-" if client.application else "(no such application)")
    return (
        f"{moment_text(registration.created)}  {registration.standing:<8}  {client.source:<4}  "
        f"{counted(client.users, 'user'):>9}  {used}  {address}  {name}  "
        f"{printable(client.client_id)}"
    )
