"""Revocation of access in the admin: of selected clients, of a user, or of all users."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_permission_codename
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from django_mcp.admin.clients.access_form import AccessForm, revoked_text, subjects_of
from django_mcp.admin.clients.actions import revocation_confirmation
from django_mcp.admin.clients.display import ClientDisplay
from django_mcp.admin.users import UserDirectory
from django_mcp.auth.clients.details import Client, clients_of
from django_mcp.auth.oauth.transactions import without_transaction
from django_mcp.background.revocation import HeldAccess
from django_mcp.models import ClientRegistration, ToolTask
from django_mcp.models.clients import ClientRegistrationQuerySet


class RevocationAdmin(ClientDisplay):
    """Model admin that revokes access, for operators who may change registrations and tasks."""

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Return whether the operator may revoke access."""
        return self.has_control_permission(request) and may_change_tasks(request)

    @override
    def get_urls(self) -> list[URLPattern]:
        def url(address: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
            # Each batch is a transaction of its own, whatever ATOMIC_REQUESTS says.
            return path(
                address,
                without_transaction(self.admin_site.admin_view(view)),
                name=f"django_mcp_clientregistration_{name}",
            )

        own = [
            url("revoke-access/", self.access_view, "access"),
            url("<int:key>/revoke/", self.revoke_view, "revoke"),
        ]
        return [*own, *super().get_urls()]

    def access_view(self, request: HttpRequest) -> HttpResponse:
        """Render the form and the counts of the access to revoke; revoke it once confirmed."""
        if not self.has_revoke_permission(request):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        is_sent = request.method == "POST"
        data = request.POST if is_sent else request.GET
        form = AccessForm(
            data if AccessForm.base_fields.keys() & data.keys() else None,
            directory=UserDirectory(request=request, site=self.admin_site),
        )
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Revoke access"),
            "form": form,
            "opts": self.opts,
            "media": self.media,
        }
        if form.is_valid():
            try:
                access = form.access
            except ImproperlyConfigured as error:
                context["problem"] = str(error)
            else:
                is_confirmed = "confirmed" in request.POST
                is_risk_confirmed = not access.is_of_all_users or "risk_confirmed" in request.POST
                if is_confirmed and is_risk_confirmed:
                    self._revoke(request, access)
                    return HttpResponseRedirect(self.url_of("access"))
                context |= {
                    "access": access,
                    "counts": access.count(),
                    "subjects": [subject.name for subject in subjects_of(access)],
                    "is_risk_unconfirmed": is_confirmed,
                }
        return TemplateResponse(request, "django_mcp/admin/revocation.html", context)

    def revoke_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Render the confirmation page that revokes the access of one client."""
        if not self.has_revoke_permission(request):
            raise PermissionDenied
        return self.confirmation_page(request, revocation_confirmation(self.clients(key)))

    @admin.action(permissions=["revoke"], description=_("Revoke access of selected clients"))
    def revoke_selected(
        self, request: HttpRequest, queryset: ClientRegistrationQuerySet
    ) -> HttpResponseBase:
        """Revoke the tokens of the selected clients, once the operator has confirmed it."""
        confirmation = revocation_confirmation(clients_of(queryset))
        if not self.is_confirmed(request, confirmation):
            return self.confirmation_page(request, confirmation)
        for each in confirmation.possible:
            self._revoke(request, HeldAccess(client_id=each.row.client_id))
        return self.after([each.row.pk for each in confirmation.possible])

    def clients(self, key: int) -> list[Client]:
        """Return the client of this row, for the confirmation page."""
        found = clients_of(ClientRegistration.objects.filter(pk=key))
        if not found:
            raise Http404
        return found

    def _revoke(self, request: HttpRequest, access: HeldAccess) -> None:
        """Revoke the access, and log it in the history of the user and of the client."""
        subjects = subjects_of(access)
        text = revoked_text(access.revoke())
        for subject in subjects:
            if subject.row is not None:
                self.log_change(request, subject.row, text)
            else:
                LogEntry.objects.create(
                    user_id=str(request.user.pk),
                    content_type=ContentType.objects.get_for_model(self.model),
                    object_repr=subject.name[:200],
                    action_flag=CHANGE,
                    change_message=text,
                )
        names = ", ".join(subject.name for subject in subjects)
        self.message_user(request, f"{text} ({names})", messages.SUCCESS)


def may_change_tasks(request: HttpRequest) -> bool:
    """Return whether the operator may change background tasks."""
    opts = ToolTask._meta
    codename = get_permission_codename("change", opts)
    return request.user.has_perm(f"{opts.app_label}.{codename}")
