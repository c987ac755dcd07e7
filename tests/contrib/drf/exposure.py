"""Views that are routed and exposed for one test."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest
from django.test import override_settings
from django.urls import clear_url_caches

from django_mcp.contrib.drf import expose
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import Registry, build
from django_mcp.tools.tool import Tool
from tests.calls import serving_declared
from tests.tools.single_tools import unlocated


@contextmanager
def routed(*patterns: Any) -> Iterator[None]:
    """Serve these URLs instead of the project's."""
    urls = ModuleType("urls_of_a_test")
    urls.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    with override_settings(ROOT_URLCONF=urls):
        clear_url_caches()
        yield
    clear_url_caches()


@contextmanager
def exposing(view: Any, actions: Sequence[str] | str, **options: Any) -> Iterator[Registry]:
    """Serve these actions of a view instead of the project's tools."""
    with collecting() as declared:
        expose(view, actions=actions, **options)
    with serving_declared(declared) as registry:
        yield registry


def tool_of(view: Any, action: str, **options: Any) -> Tool:
    """The tool that an action of a view is."""
    with collecting() as declared:
        expose(view, actions=[action], **options)
    return next(iter(build(declared).of(Tool).values()))


def problem_of(view: Any, action: str, **options: Any) -> str:
    """What the author of a declaration is told, without the place."""
    with pytest.raises(ToolRegistrationError) as refused:
        tool_of(view, action, **options)
    (problem,) = refused.value.problems
    return unlocated(problem).partition(": ")[2]
