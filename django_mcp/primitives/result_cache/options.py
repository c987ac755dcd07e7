"""Options of results that are kept in the cache, which tools and resources share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # models cannot be imported where the facade is
    from django.db.models import Model

BY_USER = ("user",)


@dataclass(frozen=True, kw_only=True)
class CacheOptions:
    """Options of what keeps its results in the cache."""

    cache: int | None = None
    """Seconds for which a result is kept in the cache and given to the next call with the same
    arguments. For what is read-only and runs within its request."""
    vary_on: Iterable[str | Callable[[Any], str]] = BY_USER
    """Facts that callers must share to be given the same result: `user`, `client`, `scopes`,
    and functions of the `Call`, or their dotted paths, that return a string, such as the tenant.
    Empty where the result is the same for every caller."""
    invalidate_on: "Iterable[type[Model] | str]" = ()
    """Models, or their names as `app.Model`: a change of any of their rows makes what is kept
    invalid, for every caller."""

    def _collect_cache_options(self) -> None:
        """Replace iterables by tuples, and what stands alone by a tuple of it."""
        for name in ("vary_on", "invalidate_on"):
            value = getattr(self, name)
            is_alone = isinstance(value, str) or not isinstance(value, Iterable)
            object.__setattr__(self, name, (value,) if is_alone else tuple(value))
