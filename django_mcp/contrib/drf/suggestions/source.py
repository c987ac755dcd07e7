"""Source code of suggestions: a module that `DJANGO_MCP_AUTODISCOVER` can name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

from django_mcp.contrib.drf.suggestions.imports import ViewImports
from django_mcp.contrib.drf.suggestions.middleware import own_middleware
from django_mcp.contrib.drf.suggestions.suggestion import Suggestion
from django_mcp.contrib.drf.suggestions.tool_names import DEFAULT
from django_mcp.contrib.drf.suggestions.view_suggestions import ViewSuggestions

WIDTH = 88
"""Characters of a line, as most formatters of Python have it."""

HEADER = '''\
"""Tools of the REST API, suggested by `manage.py mcp_suggest`.

Each call goes through the view, which refuses what it refuses over HTTP. What is
commented out is dangerous to expose, or `expose` refuses it: the comment says why.
"""
'''

MIDDLEWARE = (
    "No middleware runs around these views, unless expose(..., middleware=[...]) names it. Of "
    "MIDDLEWARE these are not Django's own"
)


def source_of(suggested: Sequence[ViewSuggestions]) -> str:
    """Return a module that declares what is suggested; the dangers of each tool are comments."""
    imports = ViewImports([each.view for each in suggested])
    offered = [each.view for each in suggested if any(s.is_offered for s in _writable(each))]
    lines = [HEADER, "from django_mcp.contrib.drf import expose", *imports.lines(offered, WIDTH)]
    if names := own_middleware():
        lines += ["", *_comment(f"{MIDDLEWARE}: {', '.join(names)}.")]
    for label, of_app in groupby(suggested, key=lambda each: each.view.app_label):
        lines += ["", f"# --- {label} ---"]
        for each in of_app:
            lines += ["", *_view_lines(each, imports)]
    return "\n".join(lines) + "\n"


def _writable(suggested: ViewSuggestions) -> Sequence[Suggestion]:
    """Return the suggestions for a view that code can name."""
    return suggested.suggestions if suggested.view.importable is not None else ()


def _view_lines(suggested: ViewSuggestions, imports: ViewImports) -> Iterator[str]:
    view = suggested.view
    yield f"# {view.dotted_name}"
    if suggested.exposed:
        yield from _comment(f"These actions are tools already: {', '.join(suggested.exposed)}.")
    if view.importable is None:
        yield from _comment("Nothing can be imported by this name: give the view one.")
    writable = _writable(suggested)
    if writable and not any(each.is_offered for each in writable):
        yield from (f"# {line}" for line in imports.lines([view], WIDTH - 2))
    calls: dict[_Call, list[str]] = {}
    for each in sorted(writable, key=lambda each: (not each.is_offered, not each.is_read_only)):
        calls.setdefault(_Call.of(each), []).append(each.action)
    for call, actions in calls.items():
        yield from call.comments()
        lines = _statement(suggested, call, actions, imports.expression(view))
        yield from lines if call.is_offered else (f"# {line}" for line in lines)


@dataclass(frozen=True, kw_only=True)
class _Call:
    """Options that the actions of one call of `expose` share."""

    is_offered: bool
    is_read_only: bool
    options: tuple[tuple[str, str], ...]
    other_routes: tuple[str, ...]
    dangers: tuple[tuple[str, str], ...]
    refusal: str | None

    @classmethod
    def of(cls, suggestion: Suggestion) -> "_Call":
        """Return the call that a suggestion belongs to."""
        return cls(
            is_offered=suggestion.is_offered,
            is_read_only=suggestion.is_read_only,
            options=tuple(suggestion.options.items()),
            other_routes=tuple(suggestion.other_routes),
            dangers=tuple((each.sort, each.reason) for each in suggestion.dangers),
            refusal=suggestion.refusal,
        )

    def comments(self) -> Iterator[str]:
        """Yield the lines above it."""
        for sort, reason in self.dangers:
            yield from _comment(f"DANGER, {sort}: {reason}.")
        if self.refusal is not None:
            yield from _comment(f"REFUSED by expose: {self.refusal}")
        if self.other_routes:
            spelled = ", ".join(f"route={_literal(each)}" for each in self.other_routes)
            yield from _comment(f"It is served elsewhere, too: {spelled}.")


def _statement(
    suggested: ViewSuggestions, call: _Call, actions: Sequence[str], expression: str
) -> Sequence[str]:
    scopes = suggested.read_scopes if call.is_read_only else suggested.write_scopes
    arguments = [
        expression,
        f"actions=[{', '.join(map(_literal, actions))}]",
        *([] if suggested.template == DEFAULT else [f"name={_literal(suggested.template)}"]),
        f"group={_literal(suggested.view.app_label)}",
        f"scopes=[{', '.join(map(_literal, scopes))}]",
        *(f"{name}={_literal(value)}" for name, value in call.options),
    ]
    width = WIDTH if call.is_offered else WIDTH - 2
    line = f"expose({', '.join(arguments)})"
    if len(line) <= width:
        return [line]
    if len(f"    {arguments[1]},") > width:
        broken = ["actions=[", *(f"    {_literal(each)}," for each in actions), "]"]
        arguments[1] = "\n    ".join(broken)
    lines = "\n".join(f"    {each}," for each in arguments)
    return ["expose(", *lines.splitlines(), ")"]


def _literal(text: str) -> str:
    """Return a string of Python in double quotes, unless it has some itself."""
    literal = repr(text)
    return f'"{literal[1:-1]}"' if '"' not in literal and literal[0] == "'" else literal


def _comment(text: str) -> Sequence[str]:
    return wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ")
