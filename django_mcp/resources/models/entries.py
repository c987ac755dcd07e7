"""Entries of instances in `resources/list`, in pages of the queryset's own order."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django_mcp.exceptions.base import sendable
from django_mcp.principals import Principal
from django_mcp.resources.models.instances import Instances
from django_mcp.resources.models.lookups import Lookup
from django_mcp.resources.resource import Pattern
from django_mcp.schemas.models.keyset import Keyset, Position, sort_keys
from django_mcp.schemas.pages.rows import fetched_rows

Read = Callable[[Any], Any]


class StalePositionError(ValueError):
    """Error of a position in another order than the queryset has now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Instance as a list of resources shows it."""

    uri: str
    name: str
    title: str | None
    description: str | None
    last_modified: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Entries of the instances that a caller may see.

    `joins` are the relations that the entries need, as `select_related` has them.
    """

    instances: Instances
    name: str
    pattern: Pattern
    lookups: Collection[Lookup]
    joins: Collection[str]
    title: Read
    description: Read
    last_modified: Read

    def after(
        self, principal: Principal, position: Position | None, *, limit: int
    ) -> list[tuple[Entry | None, Position]]:
        """Return the entries after a position, each with its own, by one query.

        There is None in place of an instance that no URI names, such as one with an empty slug.
        Raises `StalePositionError` for a position in another order, and what the project raises.
        """
        rows = self.instances.visible_to(principal)
        if self.joins:
            rows = rows.select_related(*self.joins)
        keyset = Keyset(rows, sort_keys(rows))
        try:
            following = keyset.rows_after(position)[:limit]
        except ValueError as error:
            raise StalePositionError from error
        return [
            (self._entry(row), keyset.position(values))
            for row, values in fetched_rows(following, keyset.aliases)
        ]

    def _entry(self, instance: Any) -> Entry | None:
        values = {each.name: each.read(instance) for each in self.lookups}
        if any(each in (None, "") for each in values.values()):
            return None
        uri = self.pattern.expand(values)
        texts = {name: str(value) for name, value in values.items()}
        if self.pattern.match(uri) != texts:
            return None
        return Entry(
            uri=uri,
            name="/".join((self.name, *texts.values())),
            title=_text(self.title(instance)),
            description=_text(self.description(instance)),
            last_modified=self.last_modified(instance),
        )


def _text(value: Any) -> str | None:
    return None if value is None else sendable(str(value))
