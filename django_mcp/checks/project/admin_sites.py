"""Check of the admin sites that the project serves."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register

from django_mcp.checks.ids import CheckId
from django_mcp.checks.urlconf import routes
from django_mcp.models import ToolGroup


@register
def check_admin_sites(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that an admin site of the project has the tool groups."""
    sites = list(_served())
    if not sites or any(site.is_registered(ToolGroup) for site in sites):
        return []
    names = ", ".join(map(repr, sites))
    return [
        Warning(
            "The admin has no pages of tool groups, calls and clients: they are on Django's "
            f"default site, and the project serves another, {names}.",
            hint="Where you register your models on that site, write: "
            "from django_mcp.admin import register; register(site), with your site. If you open "
            "groups by mcp_catalog alone, silence this check.",
            id=CheckId.UNSERVED_ADMIN,
        )
    ]


def _served() -> Iterator[Any]:
    """Yield the admin sites in the URLconf, each once."""
    found: dict[int, Any] = {}
    for _, view in routes():
        site = getattr(view, "admin_site", None)
        if hasattr(site, "is_registered"):
            found.setdefault(id(site), site)
    yield from found.values()
