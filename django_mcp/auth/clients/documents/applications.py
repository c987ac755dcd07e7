"""Storage and refresh of applications that client ID metadata documents describe.

In place of `oauth2_provider.cimd.resolve_cimd_application`, with the same settings. That one
fetches for every visitor and at every endpoint, fails with the cache, and stores without a
transaction in which an approval could be withdrawn.
"""

import datetime
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import IntegrityError, router, transaction
from django.db.models import QuerySet
from django.utils import timezone
from oauth2_provider.cimd import (
    CIMDError,
    _build_application_kwargs,
    _registration_permitted,
)
from oauth2_provider.models import get_application_model
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import Request

from django_mcp.auth.clients.applications import is_document_url
from django_mcp.auth.clients.documents.backoff import back_off, is_backed_off
from django_mcp.auth.clients.documents.fetch_limits import BoundedFetches, FetchRefusedError
from django_mcp.auth.clients.documents.fetcher import WithdrawnDocumentError
from django_mcp.models import ClientRegistration
from django_mcp.policy.peer_addresses import peer_address
from django_mcp.policy.rates import address_of

logger = logging.getLogger(__name__)

GRACE_PERIOD = datetime.timedelta(days=7)
"""Time for which an expired document stays valid while no newer one can be fetched."""

_fetches = BoundedFetches()


def find_application(client_id: str, request: Request) -> Any:
    """Return the stored application of a document while it is valid, else None.

    An expired document is fetched again. When that fails, the stored one is valid for
    `GRACE_PERIOD`, unless its host has withdrawn it.
    """
    application = _applications(client_id).first()
    if application is None or not _is_past(application):
        return application
    if refreshed := fetch_application(client_id, request):
        return refreshed
    application = _applications(client_id).first()  # another request may have refreshed it
    if application is None or not _is_past(application, GRACE_PERIOD):
        return application
    logger.warning("%s is refused: its document is withdrawn, or unreadable for long", client_id)
    return None


def fetch_application(client_id: str, request: Request) -> Any:
    """Fetch a document, store its application and return it; None if that fails.

    Its URL is validated before anything is counted or fetched.
    """
    if not is_document_url(client_id) or is_backed_off(client_id):
        return None
    if not _registration_permitted(request, client_id):
        logger.info("%s may not be fetched", client_id)
        return None
    try:
        document, max_age = _fetch(client_id, request)
        return _store(client_id, document, max_age, address=peer_address(request.headers))
    except FetchRefusedError:
        # No reason for a backoff: nothing is wrong with this document.
        logger.warning("%s is not fetched: too many documents are at this moment", client_id)
        return None
    except WithdrawnDocumentError as error:
        logger.info("%s is withdrawn: %s", client_id, error)
        _from_documents(client_id).update(cimd_expires_at=timezone.now() - GRACE_PERIOD)
    except (CIMDError, TimeoutError) as error:
        logger.info("%s could not be fetched: %r", client_id, error)
    except Exception:
        # Others choose what is read there; no request fails for that.
        logger.exception("%s could not be fetched", client_id)
    back_off(client_id)
    return None


def _fetch(client_id: str, request: Request) -> tuple[dict[str, Any], int]:
    fetcher = oauth2_settings.CIMD_METADATA_FETCHER()
    fetched: tuple[dict[str, Any], int] = _fetches.run(
        partial(fetcher.fetch, client_id),
        seconds=oauth2_settings.CIMD_FETCH_TIMEOUT_SECONDS,
        limit=oauth2_settings.CIMD_MAX_CONCURRENT_FETCHES,
        parties=(f"host {urlsplit(client_id).hostname}", f"from {address_of(request.headers)}"),
    )
    return fetched


def _store(client_id: str, document: Mapping[str, Any], max_age: int, *, address: str) -> Any:
    if document.get("client_id") != client_id:
        raise WithdrawnDocumentError("the document is that of another client_id")
    try:
        fields = _build_application_kwargs(document)
    except CIMDError as error:
        raise WithdrawnDocumentError(str(error)) from error
    fields["cimd_expires_at"] = timezone.now() + datetime.timedelta(seconds=max_age)
    try:
        return _upsert(client_id, fields, address)
    except ValidationError as error:
        raise WithdrawnDocumentError("; ".join(error.messages)) from error
    except IntegrityError:
        # Another request was the first with this document; it is stored now.
        return _upsert(client_id, fields, address)


def _upsert(client_id: str, fields: Mapping[str, Any], address: str) -> Any:
    registrations = ClientRegistration.objects.all()
    model = get_application_model()
    with (
        transaction.atomic(using=router.db_for_write(model)),
        transaction.atomic(using=registrations.db),
    ):
        # It begins with a write, which locks the row: SQLite fails to make a writer of a reader.
        _from_documents(client_id).update(cimd_expires_at=fields["cimd_expires_at"])
        application = _applications(client_id).first()
        is_new = application is None
        application = application or model(
            client_id=client_id,
            client_type=model.CLIENT_PUBLIC,
            registration_source=model.RegistrationSource.CIMD,
        )
        if application.registration_source != model.RegistrationSource.CIMD:
            raise CIMDError("the client_id is that of an application which has no document")
        before = (application.name, application.redirect_uris)
        for name, value in fields.items():
            setattr(application, name, value)
        application.full_clean(exclude=["client_secret"], validate_unique=False)
        application.save(using=router.db_for_write(model))
        if is_new:
            source = ClientRegistration.Source.CIMD
            registrations.register(client_id, source=source, address=address)
        elif before != (application.name, application.redirect_uris):
            registrations.withdraw_approval(client_id)
    return application


def _applications(client_id: str) -> QuerySet[Any]:
    """Return the application from the database for writes: a replica may be stale."""
    model = get_application_model()
    applications: QuerySet[Any] = model._default_manager.using(router.db_for_write(model))
    return applications.filter(client_id=client_id)


def _from_documents(client_id: str) -> QuerySet[Any]:
    source = get_application_model().RegistrationSource.CIMD
    return _applications(client_id).filter(registration_source=source)


def _is_past(application: Any, grace: datetime.timedelta = datetime.timedelta()) -> bool:
    """Return whether a document has expired, and the grace period is over."""
    is_document = application.registration_source == application.RegistrationSource.CIMD
    expires = application.cimd_expires_at if is_document else None
    return expires is not None and timezone.now() >= expires + grace
