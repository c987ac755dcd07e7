"""Fields of a serializer and of those nested in it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework.serializers import BaseSerializer

from django_mcp.db.refused_queries import answer_of


@dataclass(frozen=True, kw_only=True)
class Level:
    """One serializer with the fields that count; `path` leads to them, such as `lines.`."""

    path: str
    serializer: BaseSerializer[Any]
    fields: Mapping[str, Any]

    @property
    def meta(self) -> Any:
        """Its `Meta`; None if it has none."""
        return getattr(self.serializer, "Meta", None)


def levels_of(
    serializer: BaseSerializer[Any],
    counts: Callable[[Any], bool],
    path: str = "",
    above: tuple[type, ...] = (),
) -> Iterator[Level]:
    """Yield a serializer and those nested in it, with the fields of which `counts` is true."""
    # Mistakes in them are problems of the declaration, which is refused.
    declared: Any = answer_of(lambda: dict(getattr(serializer, "fields", {})))
    fields = {name: each for name, each in (declared or {}).items() if counts(each)}
    yield Level(path=path, serializer=serializer, fields=fields)
    above = (*above, type(serializer))
    for name, field in fields.items():
        nested = getattr(field, "child", field)
        if isinstance(nested, BaseSerializer) and type(nested) not in above:
            yield from levels_of(nested, counts, f"{path}{name}.", above)
