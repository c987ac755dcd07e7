"""Problems of declared scopes that `OAUTH2_PROVIDER["SCOPES"]` does not describe."""

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from django.core.checks import CheckMessage, Info, Warning
from oauth2_provider.settings import oauth2_settings

from django_mcp.auth.oauth.scopes import ToolScopes
from django_mcp.checks.ids import CheckId
from django_mcp.primitives.registry import get_registry

SETTING = 'OAUTH2_PROVIDER["SCOPES"]'
WORD = re.compile(r"[^\W_]+")
DIGITS = re.compile(r"\d+")
MIN_LIKENESS = 0.75
"""Of two words of four letters, three are in the same order: `read` and `raed`, not `write`."""


def scope_problems() -> Iterator[CheckMessage]:
    """Yield the problems of undescribed, unused and misspelt scopes."""
    try:
        registry = get_registry()
    except Exception:  # noqa: BLE001  (check_tools tells)
        return
    described = {scope for scope, words in oauth2_settings.SCOPES.items() if words}
    unused = described - registry.scopes.keys()
    suggested, undescribed = set(), []
    for scope in sorted(registry.scopes.keys() - described):
        # A key that nothing uses is the likelier one.
        near = near_miss(scope, sorted(unused)) or near_miss(scope, sorted(described))
        if near is None:
            undescribed.append(scope)
            continue
        suggested.add(near)
        every = registry.primitives.values()
        users = [each.located_name for each in every if scope in each.scopes]
        yield Warning(
            f"{', '.join(users)}: {SETTING} does not describe the scope {scope!r}. "
            f"Did you mean {near!r}?",
            hint=f"Write {near!r} in the declaration, or add {scope!r} to {SETTING}.",
            id=CheckId.MISSPELT_SCOPE,
        )
    # A backend of the project's has words of its own; check_authentication tells of one without.
    if undescribed and issubclass(oauth2_settings.SCOPES_BACKEND_CLASS, ToolScopes):
        lines = ", ".join(f'"{scope}": "..."' for scope in undescribed)
        yield Info(
            f"{SETTING} does not describe {', '.join(undescribed)}: the consent page shows users "
            "the names of these scopes.",
            hint=f"Add to {SETTING}: {lines}.",
            id=CheckId.UNDESCRIBED_SCOPE,
        )
    for scope in sorted(unused - suggested):
        if near := near_miss(scope, registry.scopes):
            yield Warning(
                f"{SETTING} describes {scope!r}, and nothing asks for that scope. "
                f"Did you mean {near!r}?",
                hint=f"Correct or remove the key {scope!r}. Silence this check if that is a scope "
                "of another part of your site.",
                id=CheckId.MISSPELT_SCOPE,
            )


def near_miss(scope: str, others: Iterable[str]) -> str | None:
    """Return the other scope that this one may be a misspelling of, or None.

    Its words are the same with other signs between them, in another order or in other letter case,
    or all but one are, and that one is much alike. `notes:read` is no misspelling of `notes:write`.
    """
    likeness = {other: _likeness(scope, other) for other in others if other != scope}
    best = max(likeness, key=likeness.__getitem__, default=None)
    return best if best is not None and likeness[best] >= MIN_LIKENESS else None


def _likeness(scope: str, other: str) -> float:
    words, others = _words(scope), _words(other)
    if sorted(words) == sorted(others) or "".join(words) == "".join(others):
        return 1.0
    if DIGITS.sub("", scope) == DIGITS.sub("", other):
        return 0.0  # numbered, not misspelt
    unlike = [pair for pair in zip(words, others, strict=False) if pair[0] != pair[1]]
    if len(words) != len(others) or len(unlike) != 1:
        return 0.0
    return SequenceMatcher(None, *unlike[0]).ratio()


def _words(scope: str) -> list[str]:
    return WORD.findall(scope.casefold())
