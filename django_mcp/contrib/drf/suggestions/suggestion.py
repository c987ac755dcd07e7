"""`Suggestion`: one action of a view as a tool, resolved as `expose` would have it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django_mcp.contrib.drf.declaration import ViewDeclaration, action_word
from django_mcp.contrib.drf.suggestions.dangers.danger import Danger
from django_mcp.contrib.drf.suggestions.dangers.survey import dangers_of
from django_mcp.contrib.drf.suggestions.served_views import ServedView


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """An action with the options that `expose` needs for it.

    `refusal` is why `expose` refuses it all the same, in its own words. `other_routes` are those
    that lead to it as well, by what `route=` calls them.
    """

    action: str
    options: Mapping[str, str] = field(default_factory=dict)
    dangers: Sequence[Danger] = ()
    refusal: str | None = None
    other_routes: Sequence[str] = ()
    is_read_only: bool = False

    @property
    def is_offered(self) -> bool:
        """True if it can be exposed, and no danger withholds it."""
        return self.refusal is None and not any(each.withholds for each in self.dangers)


def suggestion_of(view: ServedView, action: str, *, template: str, group: str) -> Suggestion:
    """Return the suggestion for an action: it is resolved, and examined for dangers.

    Of the routes and versions that lead to it, the first is taken that `expose` takes.
    """
    routes = view.routes_of(action)
    refusals: list[str] = []
    tried: list[ViewDeclaration] = []
    for options in _options(view, routes):
        declaration = ViewDeclaration(
            view=view.importable or view.cls,
            action=action,
            name=template.format(view=view.word, action=action_word(action)),
            group=group,
            **options,
        )
        tried.append(declaration)
        try:
            declaration.resolve()
        except Exception as error:  # noqa: BLE001  (of the project's own code, too)
            refusals.append(str(error) or type(error).__name__)
        else:
            break
    is_refused = len(refusals) == len(tried)
    chosen = tried[0 if is_refused else -1]
    given = {"route": chosen.route, "version": chosen.version}
    return Suggestion(
        action=action,
        options={name: value for name, value in given.items() if value is not None},
        dangers=dangers_of(chosen),
        refusal=refusals[0] if is_refused else None,
        other_routes=[each for each in routes if each != chosen.route],
        is_read_only=view.method_of(action) == "get",
    )


def _options(view: ServedView, routes: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the options to try: each route, and each version, the last first."""
    scheme = view.cls.versioning_class
    versions = () if scheme is None else tuple(scheme.allowed_versions or ())
    for route in routes or (None,):
        chosen = {} if route is None else {"route": route}
        yield chosen
        yield from ({**chosen, "version": str(each)} for each in reversed(versions))
