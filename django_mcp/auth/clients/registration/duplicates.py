"""Duplicate dynamic registrations: some hosts register twice for one connection.

Claude does so a second or two apart, and goes on with either. RFC 7591, section 5, leaves open
whether a server takes them for two instances of one client, as is done here.

Two registrations repeat each other when their names, redirect URIs and kinds of client are equal,
they came within `DUPLICATE_WINDOW`, and neither was changed since. Where an answer may go to a
program on a user's device, they must have come from one address besides: an answer on the web
reaches one site, whichever client asks for it.
A repeat can do nothing that the first could not do: what operators approve is a name and its
redirect URIs, and a code is worth nothing without the PKCE verifier of the program that asked.
"""

import datetime
from ipaddress import ip_address
from typing import Any

from django.db import router
from oauth2_provider.models import get_application_model, get_grant_model

from django_mcp.models import ClientRegistration

DUPLICATE_WINDOW = datetime.timedelta(seconds=10)


def repeats_of(client_id: str) -> list[str]:
    """Return the client ids of the registrations that this one repeats, or that repeat it."""
    registrations = ClientRegistration.objects.filter(source=ClientRegistration.Source.DCR)
    registration = registrations.filter(client_id=client_id).first()
    application = _applications().filter(client_id=client_id).first()
    if registration is None or application is None:
        return []
    created = registration.created
    near = registrations.filter(
        created__range=(created - DUPLICATE_WINDOW, created + DUPLICATE_WINDOW)
    )
    others = _applications().filter(
        client_id__in=list(near.exclude(client_id=client_id).values_list("client_id", flat=True)),
        name=application.name,
    )
    return sorted(other.client_id for other in others if is_repeat(application, other))


def is_repeat(application: Any, other: Any) -> bool:
    """Return whether the registrations of two applications repeat each other."""
    if _facts(application) != _facts(other) or not _is_dynamic(application):
        return False
    keys = [application.client_id, other.client_id]
    rows = ClientRegistration.objects.in_bulk(keys, field_name="client_id")
    if len(rows) != len(keys):
        return False
    # A registration is noted in the transaction that stores its application, and after it.
    if any(each.updated > rows[each.client_id].created for each in (application, other)):
        return False
    (created, address), (other_created, other_address) = (
        (rows[key].created, rows[key].address) for key in keys
    )
    if abs(created - other_created) > DUPLICATE_WINDOW:
        return False
    is_one_site = all(uri.startswith("https://") for uri in application.redirect_uris.split())
    return is_one_site or (address == other_address and _is_address(address))


def _is_address(text: str) -> bool:
    """Return whether a text is an IP address: `unix:` and `unknown` are many peers."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def hand_over_code(code: str, application: Any) -> None:
    """Transfer a code to an application if it was issued to a repeat of its registration.

    Either can redeem it until one of them has: redemption needs the verifier.
    """
    grants = get_grant_model()._default_manager
    grant = (
        grants.filter(code=code)
        .exclude(application=application)
        .select_related("application")
        .first()
    )
    if grant is not None and is_repeat(application, grant.application):
        grants.filter(pk=grant.pk).update(application=application)


def _facts(application: Any) -> tuple[Any, ...]:
    return (
        application.registration_source,
        application.name,
        application.redirect_uris,
        application.client_type,
        application.user_id,
    )


def _is_dynamic(application: Any) -> bool:
    return bool(application.registration_source == application.RegistrationSource.DCR)


def _applications() -> Any:
    """Return applications from the database for writes: a replica may be stale."""
    model = get_application_model()
    return model._default_manager.using(router.db_for_write(model))
