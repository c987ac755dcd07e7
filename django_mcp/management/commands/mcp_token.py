"""`manage.py mcp_token`: issue an access token for development."""

import datetime
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from django_mcp.catalog import survey
from django_mcp.management.lookups import (
    add_endpoint_argument,
    find_endpoint,
    find_scopes,
    find_user,
    named,
)
from django_mcp.peers import Peer
from django_mcp.policy.operator_messages import closed_groups_advice
from django_mcp.policy.visibility import Denial
from django_mcp.principals import Principal

MAX_EXPIRES_SECONDS = 10 * 365 * 24 * 3600


class Command(BaseCommand):
    """Command that prints only the token on standard output, so that a shell can capture it."""

    help = "Issue an access token for an MCP endpoint, bound to it, for development."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument(
            "--user",
            required=True,
            help="user of the token, by username, key or e-mail address",
        )
        parser.add_argument(
            "--scopes", required=True, help='separated by spaces: "expense:read expense:write"'
        )
        parser.add_argument(
            "--client",
            default="mcp_token",
            help="name of an application that is not self-registered; created if it is missing",
        )
        parser.add_argument(
            "--expires", type=int, default=3600, help="lifetime of the token in seconds (3600)"
        )
        add_endpoint_argument(parser, note="good ")

    @override
    def handle(
        self,
        *args: Any,
        user: str,
        scopes: str,
        client: str,
        expires: int,
        endpoint: str,
        **options: Any,
    ) -> None:
        """Run the command."""
        if not apps.is_installed("oauth2_provider"):
            raise CommandError("Tokens are django-oauth-toolkit's, which is not installed.")
        from django_mcp.auth.oauth.authenticator import OAuthAuthenticator
        from django_mcp.auth.tokens.development import issue_token

        owner = find_user(user)
        audience = find_endpoint(endpoint)
        wanted = find_scopes(scopes)
        if not 0 < expires <= MAX_EXPIRES_SECONDS:
            raise CommandError(f"--expires must be 1 to {MAX_EXPIRES_SECONDS} seconds.")
        if not 0 < len(client) <= 255:
            raise CommandError("--client must be 1 to 255 characters.")
        token = issue_token(
            user=owner,
            scopes=wanted,
            endpoint=audience,
            client=client,
            expires=datetime.timedelta(seconds=expires),
        )
        self.stdout.write(token)
        peer = Peer(headers={"Authorization": f"Bearer {token}"})
        principal = OAuthAuthenticator().authenticate(peer, audience)
        if principal is not None and (warning := _idle_scopes_text(wanted, principal)):
            self.stderr.write(f"Nothing that the user {named(owner)} sees needs: {warning}")


def _idle_scopes_text(wanted: list[str], principal: Principal) -> str:
    """Return the scopes that open nothing to the principal, with the reason; empty for none."""
    entries = survey(principal)
    opening = {scope for each in entries if each.denial is None for scope in each.primitive.scopes}
    idle = sorted(set(wanted) - opening)
    if not idle:
        return ""
    hidden = [each for each in entries if each.primitive.scopes & set(idle)]
    closed = {each.primitive.group for each in hidden if each.denial is Denial.GROUP_DISABLED}
    reason = (
        closed_groups_advice(sorted(closed))
        if closed
        else "python manage.py mcp_catalog --user NAME says why"
    )
    return f"{' '.join(idle)}. {reason}"
