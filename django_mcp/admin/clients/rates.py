"""Rates of OAuth clients in the admin: the form of one client, whether registered or not."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from django_mcp.admin.clients.client_field import ClientIdField
from django_mcp.admin.clients.display import ClientDisplay
from django_mcp.admin.suggestions import SuggestingInput, newest_clients
from django_mcp.auth.clients.details import Client, find_client
from django_mcp.escapes import printable
from django_mcp.models import ClientRegistration


class ClientForm(forms.Form):
    """Client whose rates are to be set."""

    client = ClientIdField()

    def __init__(self, data: Any) -> None:
        super().__init__(data, label_suffix="")
        self.fields["client"].widget = SuggestingInput(newest_clients())


class RateForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Rates of one client, which may have no registration yet."""

    class Meta:
        model = ClientRegistration
        fields = ("read_rate", "write_rate")


class RateAdmin(ClientDisplay):
    """Model admin that sets the rates of clients, for operators who may change registrations."""

    @override
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.rates_view)
        own = path("rates/", view, name="django_mcp_clientregistration_rates")
        return [own, *super().get_urls()]

    def rates_view(self, request: HttpRequest) -> HttpResponse:
        """Render the form of the client that the query names, or ask for one; save the rates."""
        if not self.has_control_permission(request):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        chosen = ClientForm(request.GET if "client" in request.GET else None)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Rates of a client"),
            "chosen": chosen,
            "opts": self.opts,
            "media": self.media,
        }
        client = find_client(chosen.cleaned_data["client"]) if chosen.is_valid() else None
        if client is not None:
            form = RateForm(
                request.POST if request.method == "POST" else None,
                instance=client.registration,
                label_suffix="",
            )
            if form.is_valid():
                return self._set_rates(request, client, **form.cleaned_data)
            context |= {"client": client, "name": printable(client.name), "form": form}
        return TemplateResponse(request, "django_mcp/admin/rates.html", context)

    def _set_rates(
        self, request: HttpRequest, client: Client, *, read_rate: str, write_rate: str
    ) -> HttpResponse:
        row = ClientRegistration.objects.set_rates(
            client.client_id, read_rate=read_rate, write_rate=write_rate
        )
        nothing = gettext("no limit")
        text = gettext("Rates set: reads %(reads)s, writes %(writes)s.") % {
            "reads": read_rate or nothing,
            "writes": write_rate or nothing,
        }
        self.log_change(request, row, text)
        self.message_user(request, f"{text} ({row})")
        return HttpResponseRedirect(self.url_of("change", row.pk))
