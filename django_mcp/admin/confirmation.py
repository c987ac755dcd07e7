"""Confirmation page of actions: the rows, what is done to them, and which are left alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise

from django_mcp.admin.calls.base import CallAdmin


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A row that was chosen; how it is, and what to know besides.

    `title` is what it is called, where that is not its own text.
    `obstacle` is why it is left alone, `danger` why to think twice.
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
        return [each for each in self.candidates if not each.obstacle]

    @property
    def is_dangerous(self) -> bool:
        return any(each.danger for each in self.possible)


class ConfirmationAdmin(CallAdmin):
    """Model admin with actions that are confirmed first, and rows that cannot be edited.

    The permission to change rows is that to act on them.
    """

    confirmation_template = "django_mcp/admin/confirmation.html"

    def has_control_permission(self, request: HttpRequest) -> bool:
        """Whether this person may do what the actions do."""
        codename = get_permission_codename("change", self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{codename}")

    def is_confirmed(self, request: HttpRequest, confirmation: Confirmation) -> bool:
        """Return whether the operator has confirmed, and there is something to do."""
        return "confirmed" in request.POST and bool(confirmation.possible)

    def confirmation_page(
        self, request: HttpRequest, confirmation: Confirmation
    ) -> TemplateResponse:
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
                # Whatever the list is narrowed to: those that are asked for are named.
                "address": f"{self.url_of('changelist')}?period=all",
            },
        )

    def after(self, keys: Iterable[Any]) -> HttpResponseRedirect:
        """The page of the only row; the list otherwise."""
        found = list(keys)
        if len(found) != 1:
            return HttpResponseRedirect(self.url_of("changelist"))
        return HttpResponseRedirect(self.url_of("change", found[0]))
