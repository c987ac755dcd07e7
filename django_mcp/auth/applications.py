"""Which applications of django-oauth-toolkit let themselves in, and which are the host's own."""

from typing import Any

from oauth2_provider.models import AbstractApplication


def is_self_registered(application: Any) -> bool:
    """Whether nobody here made it: it came by RFC 7591, or by a document of its own (CIMD).

    What such an application may do is laid down by this package; the host's own are served as
    django-oauth-toolkit serves them.
    """
    return bool(application.registration_source != AbstractApplication.RegistrationSource.MANUAL)
