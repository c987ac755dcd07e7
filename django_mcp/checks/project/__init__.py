"""System checks of the project: settings, databases, background backend, deployment."""

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
    "user_label",
]
