"""Confirmation page of admin actions: the rows, and the reasons to leave some alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise

from django_mcp.admin.read_only import ReadOnlyAdmin


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Selected row of an action, with its state.

    `title` is its name, where that is not its own text. `obstacle` is the reason to leave it
    alone, `danger` the risk that the operator has to confirm.
    """

    row: Any
    title: str | Promise = ""
    state: str | Promise
    more: str | Promise = ""
    obstacle: str | Promise = ""
    danger: str | Promise = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Confirmation that `action` needs before it is done to the possible candidates."""

    action: str
    title: str | Promise
    text: str | Promise
    candidates: Sequence[Candidate]

    @property
    def possible(self) -> list[Candidate]:
        """Candidates without an obstacle."""
        return [each for each in self.candidates if not each.obstacle]

    @property
    def is_dangerous(self) -> bool:
        """True if a possible candidate has a risk that the operator has to confirm."""
        return any(each.danger for each in self.possible)


class ConfirmationAdmin(ReadOnlyAdmin):
    """Model admin with actions that are confirmed first, and rows that cannot be edited.

    Operators who may change the rows may run the actions.
    """

    confirmation_template = "django_mcp/admin/confirmation.html"

    def has_control_permission(self, request: HttpRequest) -> bool:
        """Return whether the operator may run the actions."""
        codename = get_permission_codename("change", self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{codename}")

    def is_confirmed(self, request: HttpRequest, confirmation: Confirmation) -> bool:
        """Return whether the operator has confirmed, and there is something to do."""
        return "confirmed" in request.POST and bool(confirmation.possible)

    def confirmation_page(
        self, request: HttpRequest, confirmation: Confirmation
    ) -> TemplateResponse:
        """Render the confirmation page. Raises `PermissionDenied`."""
        if not self.has_control_permission(request):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request,
            self.confirmation_template,
            {
                **self.admin_site.each_context(request),
                "title": confirmation.title,
                "confirmation": confirmation,
                "opts": self.opts,
                "media": self.media,
                "is_risk_unconfirmed": "confirmed" in request.POST and confirmation.is_dangerous,
                "checkbox_name": ACTION_CHECKBOX_NAME,
                # The rows are named by key, whatever period the list shows.
                "address": f"{self.url_of('changelist')}?period=all",
            },
        )

    def after(self, keys: Iterable[Any]) -> HttpResponseRedirect:
        """Redirect to the page of a single row, or to the list of several."""
        found = list(keys)
        if len(found) != 1:
            return HttpResponseRedirect(self.url_of("changelist"))
        return HttpResponseRedirect(self.url_of("change", found[0]))
