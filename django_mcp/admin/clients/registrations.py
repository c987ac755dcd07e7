"""Applications that registered themselves, in the admin: who came, and who may stay."""

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
from django_mcp.admin.clients.revocation import RevocationAdmin
from django_mcp.admin.confirmation import Confirmation
from django_mcp.auth.clients.decisions import approve, block, unblock
from django_mcp.auth.clients.details import Client, clients_of
from django_mcp.escapes import printable
from django_mcp.models import CallRecord, ClientRegistration
from django_mcp.models.clients import ClientRegistrationQuerySet

SEARCHED = 1_000
"""So many applications whose name or id begins with the term of a search are looked up."""


class RegistrationPeriodFilter(PeriodFilter):
    default_period = "all"


class StandingFilter(ChoiceFilter):
    title = pgettext_lazy("client", "standing")
    parameter_name = "standing"
    column = "standing"


class SourceFilter(ChoiceFilter):
    title = _("source")
    parameter_name = "source"
    column = "source"


class AddressFilter(LinkedFilter):
    title = pgettext_lazy("network", "address")
    parameter_name = "address"
    column = "address"


class RegistrationChangeList(KeysetChangeList):
    """Every row of a page has in `facts` what is known of its application."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = [with_facts(client) for client in clients_of(self.result_list)]

    @cached_property
    def searched(self) -> Criterion | None:
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
            *named.order_by("-created").values_list("client_id", flat=True)[:SEARCHED],
            *known.order_by("-created").values_list("client_id", flat=True)[:SEARCHED],
        }
        return Criterion(alternatives=(("address", term), ("client_id", frozenset(ids))))


def with_facts(client: Client) -> Any:
    """The row of an application, which knows it."""
    registration: Any = client.registration
    registration.facts = client
    return registration


class ClientRegistrationAdmin(RevocationAdmin):
    """Permission to change registrations is that to approve, block and unblock them."""

    list_filter = (RegistrationPeriodFilter, StandingFilter, SourceFilter, AddressFilter)
    search_fields = ("client_id",)
    search_help_text = _("The beginning of a name or client id, or a whole address.")
    actions = ("approve_selected", "block_selected", "unblock_selected", "revoke_selected")
    change_form_template = "django_mcp/admin/registration.html"
    change_list_template = "django_mcp/admin/registrations.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RegistrationChangeList

    def get_object(self, *args: Any, **kwargs: Any) -> Any:
        registration = super().get_object(*args, **kwargs)
        if registration is None:
            return None
        (client,) = clients_of([registration])
        return with_facts(client)

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

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"can_revoke": self.has_revoke_permission(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        client: Client = context["original"].facts
        may_control = self.has_control_permission(request)
        for name, confirmation_of in (
            ("can_approve", approval_confirmation),
            ("can_block", block_confirmation),
            ("can_unblock", unblock_confirmation),
        ):
            context[name] = may_control and bool(confirmation_of([client]).possible)
        context["can_revoke"] = self.has_revoke_permission(request)
        context["subtitle"] = printable(client.name) or client.registration
        model = get_application_model()
        context["application_link"] = self.link_to(request, model, "client_id", client.client_id)
        context["calls_link"] = self._calls_link(request, client.client_id)
        return super().render_change_form(request, context, *args, **kwargs)

    def approve_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Ask whether to approve one client."""
        return self.confirmation_page(request, approval_confirmation(self.clients(key)))

    def block_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Ask whether to block one client."""
        return self.confirmation_page(request, block_confirmation(self.clients(key)))

    def unblock_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Ask whether to unblock one client."""
        return self.confirmation_page(request, unblock_confirmation(self.clients(key)))

    @admin.action(permissions=["control"], description=_("Approve selected clients"))
    def approve_selected(
        self, request: HttpRequest, queryset: ClientRegistrationQuerySet
    ) -> HttpResponseBase:
        def judge(client_id: str) -> str:
            repeats = approve(client_id)
            if not repeats:
                return pgettext("client", "Approved.")
            text = gettext("Approved, and with it what repeats its registration: %(clients)s.")
            return text % {"clients": ", ".join(map(printable, repeats))}

        return self._judge(request, approval_confirmation(clients_of(queryset)), judge)

    @admin.action(permissions=["control"], description=_("Block selected clients"))
    def block_selected(
        self, request: HttpRequest, queryset: ClientRegistrationQuerySet
    ) -> HttpResponseBase:
        def judge(client_id: str) -> str:
            taken = block(client_id)
            text = ngettext(
                "Blocked; %(count)d token taken back.",
                "Blocked; %(count)d tokens taken back.",
                taken,
            )
            return text % {"count": taken}

        return self._judge(request, block_confirmation(clients_of(queryset)), judge)

    @admin.action(permissions=["control"], description=_("Unblock selected clients"))
    def unblock_selected(
        self, request: HttpRequest, queryset: ClientRegistrationQuerySet
    ) -> HttpResponseBase:
        def judge(client_id: str) -> str:
            unblock(client_id)
            return pgettext("client", "Unblocked.")

        return self._judge(request, unblock_confirmation(clients_of(queryset)), judge)

    def _judge(
        self, request: HttpRequest, confirmation: Confirmation, judge: Callable[[str], str]
    ) -> HttpResponseBase:
        """Judge each that can be, and note it, once that is confirmed."""
        if not self.is_confirmed(request, confirmation):
            return self.confirmation_page(request, confirmation)
        for each in confirmation.possible:
            done = judge(each.row.client_id)
            self.log_change(request, each.row, done)
            self.message_user(request, f"{done} ({each.row})", messages.SUCCESS)
        return self.after([each.row.pk for each in confirmation.possible])

    def _calls_link(self, request: HttpRequest, client_id: str) -> str | None:
        """Where the calls of this client are listed, for those who may look at them."""
        if not self.admin_site.is_registered(CallRecord):
            return None
        if not self.admin_site.get_model_admin(CallRecord).has_view_permission(request):
            return None
        query = urlencode({"client": client_id, "period": "all"})
        return f"{self.url_of('changelist', model=CallRecord)}?{query}"
