"""Middleware of a project that its views may count on."""

from collections.abc import Sequence

from django.conf import settings

FOREIGN = ("django.", "django_mcp.")
"""Packages whose middleware no view of an API needs around it."""


def own_middleware() -> Sequence[str]:
    """Return the dotted names in `MIDDLEWARE` that are not Django's own, from the outermost on."""
    return [each for each in settings.MIDDLEWARE if not each.startswith(FOREIGN)]
