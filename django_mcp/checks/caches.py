"""Caches of the project, by what limits and stored results cannot expect of them."""

from enum import Enum

from django.conf import settings as django_settings

BACKENDS = "django.core.cache.backends"


class CacheFault(Enum):
    """Fault of a kind of cache, in the words that follow its name in a message."""

    EMPTY = "keeps nothing"
    UNSHARED = "is one for each process"
    INEXACT = "may count calls at the same time as one"


FAULTS = {
    f"{BACKENDS}.dummy.DummyCache": CacheFault.EMPTY,
    f"{BACKENDS}.locmem.LocMemCache": CacheFault.UNSHARED,
    f"{BACKENDS}.db.DatabaseCache": CacheFault.INEXACT,
    f"{BACKENDS}.filebased.FileBasedCache": CacheFault.INEXACT,
}
"""Faults of Django's caches. Redis and memcached have none, and of others nothing is known."""


def has_cache(alias: object) -> bool:
    """Whether a cache of the project has the alias, which may be any value of a setting."""
    return isinstance(alias, str) and alias in django_settings.CACHES


def fault_of(alias: object) -> CacheFault | None:
    """Return the fault of the cache with the alias; None if there is no such cache."""
    if not isinstance(alias, str):
        return None
    return FAULTS.get(django_settings.CACHES.get(alias, {}).get("BACKEND", ""))


def other_names() -> str:
    """Return the hint that names the caches which there are."""
    return f"Name one of {', '.join(map(repr, django_settings.CACHES))}, or add it to CACHES."


def shared_cache(alias: str, setting: str) -> str:
    """Return the hint how a cache, which the setting names, becomes one for all processes."""
    return (
        f'Use Redis or memcached: CACHES["{alias}"] = {{"BACKEND": '
        '"django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:6379/1"}, '
        f"for example, or name another cache by {setting}."
    )
