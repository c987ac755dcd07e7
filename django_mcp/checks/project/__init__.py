"""System checks of the project: settings, databases, background backend, deployment, times."""

from django_mcp.checks.project import (
    admin_sites,
    background,
    budgets,
    cache_scope,
    circuit_breakers,
    concurrency,
    databases,
    deployment,
    django_tasks,
    guards,
    rates,
    result_cache,
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
    "circuit_breakers",
    "concurrency",
    "databases",
    "deployment",
    "django_tasks",
    "guards",
    "rates",
    "result_cache",
    "settings",
    "sizes",
    "timeouts",
    "user_label",
]
