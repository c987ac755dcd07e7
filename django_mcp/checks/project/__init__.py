"""System checks of the project: settings, databases, background backend, deployment, times."""

from django_mcp.checks.project import (
    admin_sites,
    background,
    budgets,
    cache_scope,
    caches,
    databases,
    deployment,
    django_tasks,
    drf_request,
    guards,
    rates,
    request_limits,
    settings,
    sizes,
    timeouts,
    user_label,
)

__all__ = [
    "admin_sites",
    "background",
    "budgets",
    "cache_scope",
    "caches",
    "databases",
    "deployment",
    "django_tasks",
    "drf_request",
    "guards",
    "rates",
    "request_limits",
    "settings",
    "sizes",
    "timeouts",
    "user_label",
]
