"""Visibility page: tools, resources and prompts that a user sees through an application."""

from collections import Counter
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
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_mcp.admin.endpoint_field import add_endpoint_field, chosen_endpoint
from django_mcp.admin.markup import Tone, mark
from django_mcp.admin.suggestions import SuggestingInput, newest_clients
from django_mcp.admin.users import UserDirectory, candidate_text
from django_mcp.catalog import Entry, survey
from django_mcp.escapes import printable
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.kinds import Kind
from django_mcp.models import ClientRegistration, ToolGroup
from django_mcp.models.kinds import KIND_CHOICES, KIND_PLURALS
from django_mcp.policy.snapshot import current_snapshot, forget_snapshot
from django_mcp.primitives.registry import Registry, get_registry
from django_mcp.principals import Principal
from django_mcp.user_labels import username_of


class VisibilityForm(forms.Form):
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
        """Take the labels of the tool groups by name, and the scopes that are asked for.

        `clients` are the suggested applications: pairs of client id and name.
        """
        super().__init__(data, label_suffix="")
        self._scopes = scopes
        self.fields["client"].widget = SuggestingInput(clients)
        kinds = [("", _("Every kind")), *KIND_PLURALS.items()]
        self.fields["kind"] = forms.ChoiceField(
            label=pgettext_lazy("primitive", "Kind"), required=False, choices=kinds
        )
        choices = [("", _("Every group")), *groups.items()]
        self.fields["group"] = forms.ChoiceField(
            label=_("Tool group"), required=False, choices=choices
        )
        add_endpoint_field(self)

    def clean_scopes(self) -> list[str]:
        """Return the scopes, each of which something requires."""
        scopes: list[str] = self.cleaned_data["scopes"].split()
        if unknown := sorted(set(scopes) - set(self._scopes)):
            raise forms.ValidationError(
                _("No tool, resource or prompt asks for: %(unknown)s. The scopes are: %(known)s."),
                params={
                    "unknown": printable(" ".join(unknown)),
                    "known": " ".join(self._scopes) or "-",
                },
            )
        return scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibilityRow:
    """Row of the page: a primitive, its group, and the access that the caller has to it."""

    entry: Entry
    group: ToolGroup | None

    @property
    def kind_mark(self) -> SafeString | str:
        """Mark of the kind; empty for a tool."""
        kind = self.entry.primitive.kind
        return "" if kind is Kind.TOOL else mark(KIND_CHOICES[kind], Tone.QUIET)

    @property
    def mark(self) -> SafeString:
        """Mark of the access: hidden, lacks scope or usable."""
        if self.entry.denial is not None:
            return mark(pgettext_lazy("primitive", "hidden"), Tone.BAD)
        if self.entry.missing_scopes:
            return mark(_("lacks scope"), Tone.WARNING)
        return mark(pgettext_lazy("primitive", "usable"), Tone.GOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Candidate for an ambiguous user, and the query that names this one alone."""

    text: str
    query: str


def visibility_page(
    request: HttpRequest, site: AdminSite, *, may_search_clients: bool
) -> TemplateResponse:
    """Render the page, with the answer of `mcp_catalog --user`; the caller checks permissions.

    Applications are suggested to operators who may search them.
    """
    problems: Sequence[str] = ()
    try:
        registry = current_snapshot().registry
    except ToolRegistrationError as error:
        registry, problems = Registry(), error.problems
    data = request.GET if "user" in request.GET else None
    initial = None if data is not None else request.GET.get("group")
    titles = dict(ToolGroup.objects.exclude(title="").values_list("name", "title"))
    form = VisibilityForm(
        data,
        groups={name: titles.get(name, name) for name in registry.groups},
        scopes=list(registry.scopes),
        clients=newest_clients() if may_search_clients else (),
    )
    form.fields["group"].initial = initial
    context = {
        **site.each_context(request),
        "title": _("Visibility"),
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
    return TemplateResponse(request, "django_mcp/admin/visibility.html", context)


def _rows_context(user: AbstractBaseUser, form: VisibilityForm) -> Mapping[str, Any]:
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
    group, kind = form.cleaned_data["group"], form.cleaned_data["kind"]
    groups = ToolGroup.objects.in_bulk(field_name="name")
    rows = [
        VisibilityRow(entry=entry, group=groups.get(entry.primitive.group))
        for entry in entries
        if group in ("", entry.primitive.group) and kind in ("", entry.primitive.kind)
    ]
    return {"rows": rows, "counts": _counts_text(rows, default=kind or Kind.TOOL)}


def _counts_text(rows: Iterable[VisibilityRow], *, default: str) -> str:
    """Return how many of each kind are visible: "1 of 3 tools and 2 of 2 prompts"."""
    total = Counter(row.entry.primitive.kind for row in rows) or Counter({Kind(default): 0})
    visible = Counter(row.entry.primitive.kind for row in rows if row.entry.denial is None)
    texts = {
        Kind.TOOL: ngettext(
            "%(visible)d of %(n)d tool", "%(visible)d of %(n)d tools", total[Kind.TOOL]
        ),
        Kind.RESOURCE: ngettext(
            "%(visible)d of %(n)d resource",
            "%(visible)d of %(n)d resources",
            total[Kind.RESOURCE],
        ),
        Kind.PROMPT: ngettext(
            "%(visible)d of %(n)d prompt", "%(visible)d of %(n)d prompts", total[Kind.PROMPT]
        ),
    }
    found = [texts[kind] % {"visible": visible[kind], "n": total[kind]} for kind in total]
    return str(get_text_list(found, gettext("and")))


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
