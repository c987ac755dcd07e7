"""Exemption of views from `ATOMIC_REQUESTS`."""

from collections.abc import Callable

from django.db import connections, transaction
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]


def without_transaction(view: View) -> View:
    """Return the view exempt from `ATOMIC_REQUESTS` on every database.

    For metadata documents: no transaction may wait for another host, and
    django-oauth-toolkit goes on after an `IntegrityError` of a concurrent insert, which
    PostgreSQL does not allow within a transaction.
    """
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view
