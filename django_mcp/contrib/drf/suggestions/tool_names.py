"""Names of tools that are suggested: the same at every run, and nobody else's."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count

from django_mcp.contrib.drf.declaration import ViewDeclaration, action_word
from django_mcp.contrib.drf.operations.selection import view_class_of
from django_mcp.contrib.drf.suggestions.served_views import ServedView
from django_mcp.kinds import Kind
from django_mcp.primitives.declaration import Declaration

DEFAULT = "{view}_{action}"
"""Template of names where `expose` is given none."""


def name_templates(
    views: Sequence[ServedView], declared: Collection[Declaration]
) -> Mapping[ServedView, str]:
    """Return the template of names of each view, as `expose(name=...)` takes it.

    Views whose names would clash have their app in front, or a number at the end.
    """
    # Names with the view that has them: a view may go on using its own.
    taken: dict[str, type | None] = {
        each.key[1].casefold(): _class_of(each) for each in declared if each.key[0] is Kind.TOOL
    }
    words = [view.word for view in views]
    templates = {}
    for view in views:
        for template in _candidates(view, is_alone=words.count(view.word) == 1):
            names = [_filled(template, view, each).casefold() for each in view.actions]
            if all(taken.get(name, view.cls) is view.cls for name in names):
                taken |= dict.fromkeys(names, view.cls)
                templates[view] = template
                break
    return templates


def _candidates(view: ServedView, *, is_alone: bool) -> Iterator[str]:
    if is_alone:
        yield DEFAULT
    word = (
        view.word if view.word.startswith(f"{view.app_label}_") else f"{view.app_label}_{view.word}"
    )
    yield f"{word}_{{action}}"
    for number in count(2):
        yield f"{word}{number}_{{action}}"


def _filled(template: str, view: ServedView, action: str) -> str:
    return template.format(view=view.word, action=action_word(action))


def _class_of(declaration: Declaration) -> type | None:
    if not isinstance(declaration, ViewDeclaration):
        return None
    try:
        return view_class_of(declaration.view)
    except ValueError:
        return None
