"""Links to change pages of users and clients that rows name without a foreign key."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string

from django_mcp.models import ClientRegistration


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLinks:
    """URLs of the pages of a call's user and client; None without a page."""

    user: str | None = None
    client: str | None = None


def change_links(
    request: HttpRequest,
    admin_site: AdminSite,
    model: type[Model],
    column: str,
    values: Collection[Any],
) -> Mapping[str, str]:
    """Return URLs of the change pages of the rows whose `column` has one of the values, by value.

    Rows that this operator may not view are left out. It is one query at most.
    """
    if not values or not admin_site.is_registered(model):
        return {}
    model_admin = admin_site.get_model_admin(model)
    if not model_admin.has_view_permission(request):
        return {}
    rows = model_admin.get_queryset(request).filter((f"{column}__in", values))
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return {
        str(getattr(row, column)): reverse(name, args=(quote(row.pk),), current_app=admin_site.name)
        # The rest may be long; Django refuses to leave out what it is to join.
        for row in rows.select_related(None).only(column)
        if model_admin.has_view_permission(request, row)
    }


def attach_caller_links(request: HttpRequest, admin_site: AdminSite, calls: Iterable[Any]) -> None:
    """Set `links` of each call, by three queries at most."""
    rows = list(calls)
    keys = {key for row in rows if (key := _user_key(row.user)) is not None}
    users = change_links(request, admin_site, get_user_model(), "pk", keys)
    clients = _client_links(request, admin_site, {row.client for row in rows if row.client})
    for row in rows:
        row.links = CallerLinks(user=users.get(row.user), client=clients.get(row.client))


def _client_links(
    request: HttpRequest, admin_site: AdminSite, client_ids: set[str]
) -> Mapping[str, str]:
    """Return URLs of registrations, or of applications where there is none, by client id."""
    if not apps.is_installed("oauth2_provider"):
        return {}
    found = change_links(request, admin_site, ClientRegistration, "client_id", client_ids)
    application = import_string("oauth2_provider.models.get_application_model")()
    rest = client_ids - found.keys()
    return {**change_links(request, admin_site, application, "client_id", rest), **found}


def _user_key(text: str) -> Any:
    """Return the primary key that was recorded as this text; None if it is no valid one."""
    key = get_user_model()._meta.pk
    assert key is not None
    try:
        return key.to_python(text) if text else None
    except ValidationError:
        return None
