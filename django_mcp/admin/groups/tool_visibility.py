"""Tool visibility page: the tools that a user sees through an application, with reasons."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_mcp.admin.endpoint_field import add_endpoint_field, chosen_endpoint
from django_mcp.admin.markup import Tone, mark
from django_mcp.admin.suggestions import SuggestingInput, newest_clients
from django_mcp.admin.users import UserDirectory, candidate_text
from django_mcp.catalog import Entry, survey
from django_mcp.escapes import printable
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.models import ClientRegistration, ToolGroup
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.registry import Registry, get_registry
from django_mcp.principals import Principal
from django_mcp.user_labels import username_of


class ToolVisibilityForm(forms.Form):
    """Query of the page: a user, an application and the scopes of its token."""

    user = forms.CharField(
        label=_("User"),
        max_length=255,
        widget=forms.TextInput({"size": 40, "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("By username, key or e-mail address."),
    )
    client = forms.CharField(
        label=_("Application"),
        max_length=255,
        required=False,
        help_text=_("By client id; empty: one that no tool group names."),
    )
    scopes = forms.CharField(
        label=_("Scopes"),
        required=False,
        widget=forms.TextInput({"size": 40}),
        help_text=_("Of the application's token, with spaces between them; empty: every scope."),
    )

    def __init__(
        self,
        data: Any,
        *,
        groups: Mapping[str, str],
        scopes: Sequence[str],
        clients: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Take the labels of the tool groups by name, and the scopes of the tools.

        `clients` are the suggested applications: pairs of client id and name.
        """
        super().__init__(data, label_suffix="")
        self._scopes = scopes
        self.fields["client"].widget = SuggestingInput(clients)
        choices = [("", _("Every group")), *groups.items()]
        self.fields["group"] = forms.ChoiceField(
            label=_("Tool group"), required=False, choices=choices
        )
        add_endpoint_field(self)

    def clean_scopes(self) -> list[str]:
        """Return the scopes, each of which some tool requires."""
        scopes: list[str] = self.cleaned_data["scopes"].split()
        if unknown := sorted(set(scopes) - set(self._scopes)):
            raise forms.ValidationError(
                _("No tool asks for: %(unknown)s. The scopes of the tools are: %(known)s."),
                params={
                    "unknown": printable(" ".join(unknown)),
                    "known": " ".join(self._scopes) or "-",
                },
            )
        return scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolVisibility:
    """Row of the page: a tool, its group, and the access that the caller has to it."""

    entry: Entry
    group: ToolGroup | None

    @property
    def mark(self) -> SafeString:
        """Mark of the access: hidden, lacks scope or callable."""
        if self.entry.denial is not None:
            return mark(pgettext_lazy("tool", "hidden"), Tone.BAD)
        if self.entry.missing_scopes:
            return mark(_("lacks scope"), Tone.WARNING)
        return mark(pgettext_lazy("tool", "callable"), Tone.GOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Candidate for an ambiguous user, and the query that names this one alone."""

    text: str
    query: str


def tool_visibility_page(
    request: HttpRequest, site: AdminSite, *, may_search_clients: bool
) -> TemplateResponse:
    """Render the page, with the answer of `mcp_catalog --user`; the caller checks permissions.

    Applications are suggested to operators who may search them.
    """
    problems: Sequence[str] = ()
    try:
        registry = get_registry()
    except ToolRegistrationError as error:
        registry, problems = Registry(), error.problems
    data = request.GET if "user" in request.GET else None
    initial = None if data is not None else request.GET.get("group")
    titles = dict(ToolGroup.objects.exclude(title="").values_list("name", "title"))
    form = ToolVisibilityForm(
        data,
        groups={name: titles.get(name, name) for name in registry.groups},
        scopes=list(registry.scopes),
        clients=newest_clients() if may_search_clients else (),
    )
    form.fields["group"].initial = initial
    context = {
        **site.each_context(request),
        "title": _("Tool visibility"),
        "form": form,
        "problems": problems,
        "opts": ToolGroup._meta,
    }
    if form.is_valid():
        directory = UserDirectory(request=request, site=site)
        text = form.cleaned_data["user"]
        resolution = directory.resolve(text)
        user = resolution.user
        if user is None:
            context |= {
                "unresolved": text,
                "is_ambiguous": resolution.is_ambiguous,
                "suggestions": [_suggestion(each, text) for each in resolution.candidates],
            }
        else:
            context |= {
                "user_label": directory.label(user),
                "is_inactive": not user.is_active,
                "access_link": _access_link(request, site, user),
            }
            if user.is_active and not problems:
                context |= _rows_context(user, form)
    return TemplateResponse(request, "django_mcp/admin/tool_visibility.html", context)


def _rows_context(user: AbstractBaseUser, form: ToolVisibilityForm) -> Mapping[str, Any]:
    try:
        endpoint = chosen_endpoint(form)
    except ImproperlyConfigured as error:
        return {"problems": [str(error)]}
    # What was saved a moment ago counts here at once.
    forget_snapshot()
    entries = survey(
        Principal(
            endpoint=endpoint,
            user=user,
            client_id=form.cleaned_data["client"],
            scopes=frozenset(form.cleaned_data["scopes"] or get_registry().scopes),
        )
    )
    chosen = form.cleaned_data["group"]
    groups = ToolGroup.objects.in_bulk(field_name="name")
    rows = [
        ToolVisibility(entry=entry, group=groups.get(entry.primitive.group))
        for entry in entries
        if chosen in ("", entry.primitive.group)
    ]
    visible = [row for row in rows if row.entry.denial is None]
    return {"rows": rows, "visible_count": len(visible)}


def _suggestion(user: AbstractBaseUser, text: str) -> Suggestion:
    username = username_of(user)
    # Where the username is what is ambiguous, it would only be asked again.
    query = str(user.pk) if username.casefold() == text.casefold() else username
    return Suggestion(text=candidate_text(user), query=query)


def _access_link(request: HttpRequest, site: AdminSite, user: AbstractBaseUser) -> str | None:
    """URL of the page that revokes the access of this user; None without the permission."""
    if not site.is_registered(ClientRegistration):
        return None
    may_revoke = getattr(site.get_model_admin(ClientRegistration), "has_revoke_permission", None)
    if may_revoke is None or not may_revoke(request):
        return None
    address = reverse("admin:django_mcp_clientregistration_access", current_app=site.name)
    return f"{address}?{urlencode({'user': username_of(user)})}"
