"""Model admin of OAuth client registrations: approve, block, unblock and revoke access."""

from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import get_application_model
from typing_extensions import override

from django_mcp.admin.changelist.changelist import KeysetChangeList
from django_mcp.admin.changelist.filters import (
    MAX_TERM_CHARACTERS,
    ChoiceFilter,
    LinkedFilter,
    PeriodFilter,
)
from django_mcp.admin.changelist.keyset import Criterion
from django_mcp.admin.clients.actions import (
    approval_confirmation,
    block_confirmation,
    unblock_confirmation,
)
from django_mcp.admin.clients.rates import RateAdmin
from django_mcp.admin.clients.revocation import RevocationAdmin
from django_mcp.admin.confirmation import Confirmation
from django_mcp.auth.clients.decisions import approve, block, unblock
from django_mcp.auth.clients.details import Client, clients_of
from django_mcp.escapes import printable
from django_mcp.models import CallRecord, ClientRegistration
from django_mcp.models.clients import ClientRegistrationQuerySet

MAX_SEARCH_MATCHES = 1_000
"""The number of applications whose name or id begins with a search term that are looked up."""


class RegistrationPeriodFilter(PeriodFilter):
    """Filter by the time of registration; all time by default."""

    default_period = "all"


class StandingFilter(ChoiceFilter):
    """Filter by approval status."""

    title = pgettext_lazy("client", "standing")
    parameter_name = "standing"
    column = "standing"


class SourceFilter(ChoiceFilter):
    """Filter by the source of the registration."""

    title = _("source")
    parameter_name = "source"
    column = "source"


class AddressFilter(LinkedFilter):
    """Filter by the network address that a registration came from."""

    title = pgettext_lazy("network", "address")
    parameter_name = "address"
    column = "address"


class RegistrationChangeList(KeysetChangeList):
    """Change list of registrations; each row has its `client`, the details of its application."""

    @override
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = [with_client(client) for client in clients_of(self.result_list)]

    @cached_property
    @override
    def search_criterion(self) -> Criterion | None:
        term = self.query.strip()
        if not term:
            return None
        if len(term) > MAX_TERM_CHARACTERS:
            return Criterion(alternatives=(("client_id", frozenset[str]()),))
        # Names stand in another table, which may lie in another database.
        named = get_application_model()._default_manager.filter(
            Q(name__istartswith=term) | Q(client_id__startswith=term)
        )
        known = ClientRegistration.objects.filter(client_id__startswith=term)
        ids = {
            *named.order_by("-created").values_list("client_id", flat=True)[:MAX_SEARCH_MATCHES],
            *known.order_by("-created").values_list("client_id", flat=True)[:MAX_SEARCH_MATCHES],
        }
        return Criterion(alternatives=(("address", term), ("client_id", frozenset(ids))))


def with_client(client: Client) -> Any:
    """Return the registration of a client, with the client as its attribute `client`."""
    registration: Any = client.registration
    registration.client = client
    return registration


class ClientRegistrationAdmin(RevocationAdmin, RateAdmin):
    """Model admin of registrations; who may change them may judge them and set their rates."""

    list_filter = (RegistrationPeriodFilter, StandingFilter, SourceFilter, AddressFilter)
    search_fields = ("client_id",)
    search_help_text = _("The beginning of a name or client id, or a whole address.")
    actions = ("approve_selected", "block_selected", "unblock_selected", "revoke_selected")
    change_form_template = "django_mcp/admin/registration.html"
    change_list_template = "django_mcp/admin/registrations.html"

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RegistrationChangeList

    @override
    def get_object(self, *args: Any, **kwargs: Any) -> Any:
        registration = super().get_object(*args, **kwargs)
        if registration is None:
            return None
        (client,) = clients_of([registration])
        return with_client(client)

    @override
    def get_urls(self) -> list[URLPattern]:
        views: dict[str, Callable[..., HttpResponse]] = {
            "approve": self.approve_view,
            "block": self.block_view,
            "unblock": self.unblock_view,
        }
        own = [
            path(
                f"<int:key>/{address}/",
                self.admin_site.admin_view(view),
                name=f"django_mcp_clientregistration_{address}",
            )
            for address, view in views.items()
        ]
        return [*own, *super().get_urls()]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "can_revoke": self.has_revoke_permission(request),
            "can_set_rates": self.has_control_permission(request),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        client: Client = context["original"].client
        may_control = self.has_control_permission(request)
        for name, confirmation_of in (
            ("can_approve", approval_confirmation),
            ("can_block", block_confirmation),
            ("can_unblock", unblock_confirmation),
        ):
            context[name] = may_control and bool(confirmation_of([client]).possible)
        context["can_set_rates"] = may_control
        context["can_revoke"] = self.has_revoke_permission(request)
        context["subtitle"] = printable(client.name) or client.registration
        model = get_application_model()
        context["application_link"] = self.link_to(request, model, "client_id", client.client_id)
        context["calls_link"] = self._calls_link(request, client.client_id)
        return super().render_change_form(request, context, *args, **kwargs)

    def approve_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Render the confirmation page for the approval of one client."""
        return self.confirmation_page(request, approval_confirmation(self.clients(key)))

    def block_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Render the confirmation page for the block of one client."""
        return self.confirmation_page(request, block_confirmation(self.clients(key)))

    def unblock_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Render the confirmation page that unblocks one client."""
        return self.confirmation_page(request, unblock_confirmation(self.clients(key)))

    @admin.action(permissions=["control"], description=_("Approve selected clients"))
    def approve_selected(
        self, request: HttpRequest, queryset: ClientRegistrationQuerySet
    ) -> HttpResponseBase:
        """Approve the selected clients, once the operator has confirmed it."""

        def decide(client_id: str) -> str:
            repeats = approve(client_id)
            if not repeats:
                return pgettext("client", "Approved.")
            text = gettext("Approved, with the repetitions of its registration: %(clients)s.")
            return text % {"clients": ", ".join(map(printable, repeats))}

        return self._decide(request, approval_confirmation(clients_of(queryset)), decide)

    @admin.action(permissions=["control"], description=_("Block selected clients"))
    def block_selected(
        self, request: HttpRequest, queryset: ClientRegistrationQuerySet
    ) -> HttpResponseBase:
        """Block the selected clients, once the operator has confirmed it."""

        def decide(client_id: str) -> str:
            count = block(client_id)
            text = ngettext(
                "Blocked; %(count)d token taken back.",
                "Blocked; %(count)d tokens taken back.",
                count,
            )
            return text % {"count": count}

        return self._decide(request, block_confirmation(clients_of(queryset)), decide)

    @admin.action(permissions=["control"], description=_("Unblock selected clients"))
    def unblock_selected(
        self, request: HttpRequest, queryset: ClientRegistrationQuerySet
    ) -> HttpResponseBase:
        """Unblock the selected clients, once the operator has confirmed it."""

        def decide(client_id: str) -> str:
            unblock(client_id)
            return pgettext("client", "Unblocked.")

        return self._decide(request, unblock_confirmation(clients_of(queryset)), decide)

    def _decide(
        self, request: HttpRequest, confirmation: Confirmation, decide: Callable[[str], str]
    ) -> HttpResponseBase:
        """Apply a decision to the possible candidates and log it, once it is confirmed."""
        if not self.is_confirmed(request, confirmation):
            return self.confirmation_page(request, confirmation)
        for each in confirmation.possible:
            text = decide(each.row.client_id)
            self.log_change(request, each.row, text)
            self.message_user(request, f"{text} ({each.row})", messages.SUCCESS)
        return self.after([each.row.pk for each in confirmation.possible])

    def _calls_link(self, request: HttpRequest, client_id: str) -> str | None:
        """URL of the list of calls of this client; None for operators who may not view it."""
        if not self.admin_site.is_registered(CallRecord):
            return None
        if not self.admin_site.get_model_admin(CallRecord).has_view_permission(request):
            return None
        query = urlencode({"client": client_id, "period": "all"})
        return f"{self.url_of('changelist', model=CallRecord)}?{query}"
