"""`manage.py mcp_revoke`: revoke all access of a user, of a client, or of all users."""

from typing import Any

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from django_mcp.background.revocation import AccessCounts, HeldAccess, is_known_client
from django_mcp.escapes import printable
from django_mcp.management.arguments import client_id
from django_mcp.management.formats import counted
from django_mcp.management.lookups import (
    add_endpoint_argument,
    find_any_user,
    find_endpoint,
    named,
)


class Command(BaseCommand):
    """Command that revokes tokens and codes and cancels tasks; later grants stay valid."""

    help = (
        "Revoke access tokens, refresh tokens and authorization codes, and cancel background tasks."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument(
            "--user",
            metavar="USER",
            help="grants of this user (username, key or e-mail address) for the endpoint",
        )
        parser.add_argument(
            "--client",
            metavar="ID",
            type=client_id,
            help=(
                "all tokens of the application with this client id; "
                "with --user: its tokens of that user for the endpoint"
            ),
        )
        parser.add_argument(
            "--all", action="store_true", help="all grants of all users for the endpoint"
        )
        add_endpoint_argument(parser, note="with --user or --all: ")
        parser.add_argument(
            "--dry-run", action="store_true", help="print what would be revoked, and revoke nothing"
        )
        parser.add_argument(
            "--noinput",
            "--no-input",
            action="store_false",
            dest="interactive",
            help="do not ask for confirmation",
        )

    @override
    def handle(
        self,
        *args: Any,
        user: str | None,
        client: str | None,
        all: bool,
        endpoint: str,
        dry_run: bool,
        interactive: bool,
        **options: Any,
    ) -> None:
        """Run the command."""
        if all == (user is not None or client is not None):
            raise CommandError("Give --user, --client or both of them, or --all.")
        access = HeldAccess(
            endpoint=find_endpoint(endpoint),
            user=None if user is None else find_any_user(user),
            client_id=None if client is None else _known_client(client),
        )
        whose = _description(access.user, access.client_id)
        if dry_run or interactive:
            counts = access.count()
            found = f"{_tokens(counts)}; to be cancelled: {counted(counts.tasks, 'task')}"
            self.stdout.write(f"To be revoked for {whose}: {found}")
        if dry_run:
            return
        if interactive and not _is_confirmed():
            raise CommandError("Nothing was revoked.")
        counts = access.revoke()
        done = f"{_tokens(counts)}; cancelled: {counted(counts.tasks, 'task')}"
        self.stdout.write(f"Revoked for {whose}: {done}")


def _known_client(client: str) -> str:
    if not is_known_client(client):
        raise CommandError(f"There is no application with the id {printable(client)}.")
    return client


def _description(user: AbstractBaseUser | None, client: str | None) -> str:
    parts = []
    if user is not None:
        parts.append(f"the user {named(user)}")
    if client is not None:
        parts.append(f"the client {printable(client)}")
    return " and ".join(parts) or "everybody"


def _tokens(counts: AccessCounts) -> str:
    if not apps.is_installed("oauth2_provider"):
        return "no tokens, as django-oauth-toolkit is not installed"
    return ", ".join(
        (
            counted(counts.access_tokens, "access token"),
            counted(counts.refresh_tokens, "refresh token"),
            counted(counts.codes, "code"),
        )
    )


def _is_confirmed() -> bool:
    try:
        return input("Type 'yes' to revoke them: ") == "yes"
    except EOFError:
        raise CommandError("There is no input to confirm with: use --no-input.") from None
