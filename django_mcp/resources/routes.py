"""Index of resources by their URIs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from django_mcp.primitives.registry import Registry, get_registry
from django_mcp.resources.resource import Resource


class Match(NamedTuple):
    """Resource that a URI names, with the variables of its template."""

    resource: Resource
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Routes:
    """Resources of a registry by URI, and those of templates, the most literal template first.

    `declared` has them all by the URI or the template that they were declared with.
    """

    declared: Mapping[str, Resource]
    by_uri: Mapping[str, Resource]
    templates: tuple[Resource, ...]

    @classmethod
    def of(cls, registry: Registry) -> Self:
        """Return the index of a registry."""
        every = registry.of(Resource).values()
        templates = [each for each in every if each.is_template]
        return cls(
            declared={each.uri: each for each in every},
            by_uri={each.uri: each for each in every if not each.is_template},
            templates=tuple(sorted(templates, key=lambda each: -_literal_length(each.uri))),
        )

    def matches(self, uri: str) -> Iterator[Match]:
        """Yield the resources that a URI may name, the most specific first."""
        if (found := self.by_uri.get(uri)) is not None:
            yield Match(found, {})
        for each in self.templates:
            if (variables := each.pattern.match(uri)) is not None:
                yield Match(each, variables)


def matches(uri: str) -> list[Match]:
    """Return the resources of this process that a URI may name, the most specific first."""
    return list(get_registry().derived(Routes.of).matches(uri))


def declared_as(uri: str) -> Resource | None:
    """Return the resource of this process that was declared with this very URI or template."""
    return get_registry().derived(Routes.of).declared.get(uri)


def templates() -> tuple[Resource, ...]:
    """Return the resources of this process whose URIs have variables."""
    return get_registry().derived(Routes.of).templates


def _literal_length(template: str) -> int:
    """Return the number of characters outside of the expressions of a template."""
    return sum(len(part.rpartition("}")[2]) for part in template.split("{"))
