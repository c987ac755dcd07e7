"""Views that are exposed for one test."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django_mcp.contrib.drf import expose
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import Registry
from tests.calls import serving_declared


@contextmanager
def exposing(view: Any, actions: Sequence[str] | str, **options: Any) -> Iterator[Registry]:
    """Serve these actions of a view instead of the project's tools."""
    with collecting() as declared:
        expose(view, actions=actions, **options)
    with serving_declared(declared) as registry:
        yield registry
