"""Survey of an action: all of its dangers, the gravest first."""

from collections.abc import Callable, Iterable, Sequence

from django_mcp.contrib.drf.declaration import ViewDeclaration
from django_mcp.contrib.drf.operations.selection import operation_of
from django_mcp.contrib.drf.suggestions.dangers.assignment import assignment_dangers
from django_mcp.contrib.drf.suggestions.dangers.danger import Danger
from django_mcp.contrib.drf.suggestions.dangers.deletion import deletion_dangers
from django_mcp.contrib.drf.suggestions.dangers.disclosure import disclosure_dangers
from django_mcp.contrib.drf.suggestions.dangers.examined_action import ExaminedAction
from django_mcp.contrib.drf.suggestions.dangers.pages import page_dangers
from django_mcp.contrib.drf.suggestions.dangers.permissions import permission_dangers
from django_mcp.contrib.drf.suggestions.dangers.rows import row_dangers
from django_mcp.db.refused_queries import without_queries
from django_mcp.schemas.declaration_errors import DeclarationError

SORTS = (
    permission_dangers,
    deletion_dangers,
    assignment_dangers,
    row_dangers,
    disclosure_dangers,
    page_dangers,
)


def dangers_of(declaration: ViewDeclaration) -> Sequence[Danger]:
    """Return the dangers of an action; none of one that has no operation, and is refused."""
    try:
        operation = operation_of(
            declaration.view,
            declaration.action,
            route=declaration.route,
            version=declaration.version,
        )
    except DeclarationError:
        return ()
    action = ExaminedAction(operation=operation, declaration=declaration)
    return tuple(danger for find in SORTS for danger in _found(find, action))


def _found(
    find: Callable[[ExaminedAction], Iterable[Danger]], action: ExaminedAction
) -> Sequence[Danger]:
    try:
        with without_queries():
            return tuple(find(action))
    except Exception as error:  # noqa: BLE001  (of the project's own code)
        name = type(error).__name__
        reason = f"its view cannot be examined without a request ({name})"
        return (Danger(sort="unknown", reason=reason, withholds=True),)
