"""Suggestions for the views of a project, or for those that are chosen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django_mcp.contrib.drf.declaration import ViewDeclaration
from django_mcp.contrib.drf.operations.selection import view_class_of
from django_mcp.contrib.drf.suggestions.served_views import ServedView, served_views
from django_mcp.contrib.drf.suggestions.suggestion import Suggestion, suggestion_of
from django_mcp.contrib.drf.suggestions.tool_names import name_templates
from django_mcp.contrib.drf.suggestions.tool_scopes import suggested_scopes
from django_mcp.primitives.declaration import declarations, declarations_of
from django_mcp.primitives.primitive import Primitive
from django_mcp.primitives.registry import servable


@dataclass(frozen=True, kw_only=True)
class ViewSuggestions:
    """Suggestions for one view, with the template of their names and the scopes of both sorts.

    `exposed` are the actions that are tools already, of which nothing is suggested.
    """

    view: ServedView
    template: str
    read_scopes: tuple[str, ...]
    write_scopes: tuple[str, ...]
    suggestions: Sequence[Suggestion]
    exposed: Sequence[str]


class UnknownChoiceError(ValueError):
    """A text that is no app and no view; `known` are those that are."""

    def __init__(self, choice: str, known: Sequence[str]) -> None:
        self.choice, self.known = choice, known
        super().__init__(choice)


def view_suggestions(chosen: Collection[str] = ()) -> Sequence[ViewSuggestions]:
    """Return the suggestions for the views of these apps, or of these dotted names; else of all.

    Raises `UnknownChoiceError`.
    """
    views = served_views()
    known = {each for view in views for each in (view.app_label, view.dotted_name)}
    for each in chosen:
        if each not in known:
            raise UnknownChoiceError(each, sorted({view.app_label for view in views}))
    # Of all views, so that names are the same whichever are chosen.
    templates, primitives = name_templates(views, declarations()), servable()
    return [
        _suggestions_of(view, templates[view], primitives)
        for view in views
        if not chosen or not {view.app_label, view.dotted_name}.isdisjoint(chosen)
    ]


def _suggestions_of(
    view: ServedView, template: str, primitives: Collection[Primitive]
) -> ViewSuggestions:
    group, exposed = view.app_label, _exposed_actions(view)
    return ViewSuggestions(
        view=view,
        template=template,
        read_scopes=suggested_scopes(group, read_only=True, primitives=primitives),
        write_scopes=suggested_scopes(group, read_only=False, primitives=primitives),
        suggestions=[
            suggestion_of(view, action, template=template, group=group)
            for action in view.actions
            if action not in exposed
        ],
        exposed=exposed,
    )


def _exposed_actions(view: ServedView) -> Sequence[str]:
    found = set()
    for each in declarations_of(ViewDeclaration):
        try:
            cls = view_class_of(each.view)
        except ValueError:  # it is a problem of the registry
            continue
        if cls is view.cls:
            found.add(each.action)
    return [action for action in view.actions if action in found]
