"""Imports of views, with an alias for each of two views of one name."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

from django_mcp.contrib.drf.suggestions.served_views import ServedView

RESERVED = ("expose",)
"""Names that the module has already."""


class ViewImports:
    """Imports of some views, each with the expression that it is called by."""

    def __init__(self, views: Collection[ServedView]) -> None:
        roots = {view: (view.cls.__module__, view.name.partition(".")[0]) for view in views}
        counted = Counter([name for _, name in set(roots.values())] + [*RESERVED])
        taken = set(RESERVED)
        self._aliases: dict[tuple[str, str], str] = {}
        for view, root in roots.items():
            if root not in self._aliases:
                self._aliases[root] = _alias(view, root[1], counted, taken)
                taken.add(self._aliases[root])
        self._roots: Mapping[ServedView, tuple[str, str]] = roots

    def expression(self, view: ServedView) -> str:
        """Return the Python that names a view."""
        _, dot, rest = view.name.partition(".")
        return f"{self._aliases[self._roots[view]]}{dot}{rest}"

    def lines(self, views: Collection[ServedView], width: int) -> Sequence[str]:
        """Return the statements that import these views, in alphabetical order."""
        wanted = sorted({self._roots[view] for view in views})
        lines: list[str] = []
        for module, roots in groupby(wanted, key=lambda root: root[0]):
            names = [self._imported(root) for root in roots]
            line = f"from {module} import {', '.join(names)}"
            if len(line) <= width:
                lines.append(line)
            else:
                lines += [f"from {module} import (", *(f"    {name}," for name in names), ")"]
        return lines

    def _imported(self, root: tuple[str, str]) -> str:
        alias = self._aliases[root]
        return root[1] if alias == root[1] else f"{root[1]} as {alias}"


def _alias(view: ServedView, name: str, counted: Mapping[str, int], taken: Collection[str]) -> str:
    if counted[name] == 1:
        return name
    prefix = view.app_label.title().replace("_", "") if name[:1].isupper() else f"{view.app_label}_"
    alias, number = f"{prefix}{name}", 2
    while alias in taken or counted[alias]:
        alias, number = f"{prefix}{name}{number}", number + 1
    return alias
