"""Confirmations of the actions on clients: approve, block, unblock and revoke access."""

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from django_mcp.admin.confirmation import Candidate, Confirmation
from django_mcp.auth.clients.details import Client
from django_mcp.escapes import printable
from django_mcp.models import ClientRegistration

Standing = ClientRegistration.Standing


def approval_confirmation(clients: Sequence[Client]) -> Confirmation:
    """Return the confirmation of an approval; approved clients are left alone."""
    return Confirmation(
        action="approve_selected",
        title=_("Approve clients"),
        text=_("An approved client may ask users for access, even where new ones may not."),
        candidates=[
            _candidate(
                each, _("is approved already") if _standing(each) == Standing.APPROVED else ""
            )
            for each in clients
        ],
    )


def block_confirmation(clients: Sequence[Client]) -> Confirmation:
    """Return the confirmation of a block; blocked clients are left alone."""
    return Confirmation(
        action="block_selected",
        title=_("Block clients"),
        text=_(
            "A blocked client loses all its tokens and gets no others. Its next call is "
            "refused, and background calls that wait do not run."
        ),
        candidates=[
            _candidate(each, _("is blocked already") if _standing(each) == Standing.BLOCKED else "")
            for each in clients
        ],
    )


def unblock_confirmation(clients: Sequence[Client]) -> Confirmation:
    """Return the confirmation that unblocks clients; others than blocked ones are left alone."""
    return Confirmation(
        action="unblock_selected",
        title=_("Unblock clients"),
        text=_("An unblocked client is new again, and holds nothing: its users log in once more."),
        candidates=[
            _candidate(each, _("is not blocked") if _standing(each) != Standing.BLOCKED else "")
            for each in clients
        ],
    )


def revocation_confirmation(clients: Sequence[Client]) -> Confirmation:
    """Return the confirmation that revokes the access of clients."""
    return Confirmation(
        action="revoke_selected",
        title=_("Revoke access of clients"),
        text=_(
            "A client loses all its tokens and codes, of all users, and its background tasks are "
            "cancelled. It is not blocked: its users can connect it again."
        ),
        candidates=[_candidate(each, "") for each in clients],
    )


def _standing(client: Client) -> str:
    return client.registration.standing


def _candidate(client: Client, obstacle: str | Promise) -> Candidate:
    registration = client.registration
    name = printable(client.name)
    users = ngettext("%(count)d user", "%(count)d users", client.users) % {"count": client.users}
    facts = (name and str(registration), registration.get_standing_display(), users)
    redirects = ", ".join(map(printable, client.redirect_uris))
    return Candidate(
        row=registration,
        title=name,
        state=", ".join(filter(None, facts)),
        more=gettext("answers go to %(addresses)s") % {"addresses": redirects} if redirects else "",
        obstacle=obstacle,
    )
