"""Columns and fields of OAuth clients in the admin."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_mcp.admin.confirmation import ConfirmationAdmin
from django_mcp.admin.formats import moment_text
from django_mcp.admin.markup import Tone, codes, mark, words
from django_mcp.admin.read_only import printable_field
from django_mcp.auth.clients.details import Client
from django_mcp.escapes import printable
from django_mcp.models import ClientRegistration
from django_mcp.user_labels import user_label

Standing = ClientRegistration.Standing

TONES: dict[str, Tone] = {
    Standing.NEW: Tone.QUIET,
    Standing.APPROVED: Tone.GOOD,
    Standing.BLOCKED: Tone.BAD,
}

MAX_NAMED_USERS = 50
"""The number of users that a page names; the others are counted."""


class ClientDisplay(ConfirmationAdmin):
    """Columns and fields of clients; each row has its `client`, the details of its application."""

    list_display = (
        "registered_at",
        "described",
        "marked_standing",
        "users",
        "came_from",
        "used_at",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "shown_name",
                    "shown_client_id",
                    "marked_standing",
                    "shown_source",
                    "registered_at",
                    "linked_address",
                    "used_at",
                )
            },
        ),
        (
            pgettext_lazy("client", "Rates"),
            {
                "fields": ("read_rate", "write_rate"),
                "description": _("Of all users of the application together."),
            },
        ),
        (
            _("Application"),
            {"fields": ("kind", "redirects", "shown_scopes", "named_users")},
        ),
    )

    shown_client_id = printable_field(ClientRegistration, "client_id")

    @admin.display(description=pgettext_lazy("client", "registered"))
    def registered_at(self, registration: ClientRegistration) -> SafeString:
        """Return the time of the registration."""
        return words(moment_text(registration.created))

    @admin.display(description=_("last token"))
    def used_at(self, registration: ClientRegistration) -> SafeString | str:
        """Return the time of the last token."""
        last = registration.last_used
        return self.get_empty_value_display() if last is None else words(moment_text(last))

    @admin.display(description=_("client"))
    def described(self, registration: Any) -> SafeString:
        """Name that the application gave itself, and the host that vouches for it, if one does."""
        client: Client = registration.client
        name, host = self.shown_name(registration), printable(client.host)
        return format_html('{} <div class="mcp-quiet">{}</div>', name, host)

    @admin.display(description=_("name"))
    def shown_name(self, registration: Any) -> str:
        """Return the name that the client calls itself."""
        client: Client = registration.client
        if client.application is None:
            return gettext("(no such application)")
        return printable(client.name) or self.get_empty_value_display()

    @admin.display(description=pgettext_lazy("client", "standing"))
    def marked_standing(self, registration: ClientRegistration) -> SafeString:
        """Return the approval status as a coloured mark."""
        tone = TONES.get(registration.standing, Tone.WARNING)
        return mark(registration.get_standing_display(), tone)

    @admin.display(description=_("source"))
    def shown_source(self, registration: ClientRegistration) -> str:
        """Return the way in which the client was registered."""
        return registration.get_source_display() or self.get_empty_value_display()

    @admin.display(description=_("source"))
    def came_from(self, registration: ClientRegistration) -> SafeString:
        """Source of the registration, and the network address that it came from."""
        source, address = self.shown_source(registration), printable(registration.address)
        return format_html('{} <div class="mcp-quiet">{}</div>', source, address)

    @admin.display(description=_("users"))
    def users(self, registration: Any) -> int:
        """Return the number of users whose tokens the client holds."""
        client: Client = registration.client
        return client.users

    @admin.display(description=pgettext_lazy("network", "address"))
    def linked_address(self, registration: ClientRegistration) -> SafeString | str:
        """Return the address that registered the client, with a link to its registrations."""
        if not registration.address:
            return self.get_empty_value_display()
        return format_html(
            '{} <a class="mcp-link" href="{}?{}">{}</a>',
            printable(registration.address),
            self.url_of("changelist"),
            urlencode({"address": registration.address}),
            gettext("all clients from there"),
        )

    @admin.display(description=pgettext_lazy("client", "kind"))
    def kind(self, registration: Any) -> str:
        """Return the client type and the grant type."""
        application = registration.client.application
        if application is None:
            return self.get_empty_value_display()
        shown = (
            application.get_client_type_display(),
            application.get_authorization_grant_type_display(),
        )
        return ", ".join(map(str, shown))

    @admin.display(description=_("answers go to"))
    def redirects(self, registration: Any) -> SafeString | str:
        """Return the redirect URIs, one a line."""
        client: Client = registration.client
        return _lines(client.redirect_uris) or self.get_empty_value_display()

    @admin.display(description=_("granted scopes"))
    def shown_scopes(self, registration: Any) -> SafeString | str:
        """Return the scopes of the client's tokens, as code."""
        client: Client = registration.client
        return codes(map(printable, client.scopes())) or self.get_empty_value_display()

    @admin.display(description=_("users"))
    def named_users(self, registration: Any) -> SafeString | str:
        """Return the names of the users, and the number of those left out."""
        client: Client = registration.client
        keys = client.user_keys(MAX_NAMED_USERS)
        found = get_user_model()._default_manager.filter(pk__in=keys)
        names = sorted(map(user_label, found))
        if left := client.users - len(names):
            names.append(
                ngettext("and %(count)d other", "and %(count)d others", left) % {"count": left}
            )
        return _lines(names) or self.get_empty_value_display()


def _lines(texts: list[str]) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((printable(text),) for text in texts))
