"""Views that a site's `ATOMIC_REQUESTS` leaves alone."""

from collections.abc import Callable

from django.db import connections, transaction
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]


def without_transaction(view: View) -> View:
    """The view, never in a transaction of its whole request.

    Where applications come with documents: no transaction may wait for another host, and
    django-oauth-toolkit goes on after the database has told it that somebody was faster, which
    PostgreSQL allows in none.
    """
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view
