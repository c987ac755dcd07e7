"""Adapters that declare what is no plain function, by `register`."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.contrib.auth.models import Group

from django_mcp import ToolDeclaration, register
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from django_mcp.testing import MCPClient
from django_mcp.tools.tool import Tool
from tests.calls import serving_declared


class Endpoints:
    """A class of actions, as other frameworks have them."""

    def list_groups(self) -> list[str]:
        """List the names of all groups."""
        return [group.name for group in Group.objects.order_by("name")]

    def add_group(self, name: str) -> int:
        """Add a group.

        Args:
            name: What it is called.
        """
        return int(Group.objects.create(name=name).pk)


def expose(cls: type, *actions: str, **options: Any) -> None:
    """Adapter: declare methods of the instances of a class as tools."""
    for name in actions:
        register(ToolDeclaration(_action(cls, name), name=name, **options))


def _action(cls: type, name: str) -> Callable[..., Any]:
    method: Callable[..., Any] = getattr(cls(), name)
    return method


@pytest.mark.django_db
def test_adapter_declares_tools_that_are_called_as_any_other() -> None:
    with collecting() as declared:
        expose(Endpoints, "list_groups", "add_group", group="groups", scopes=["groups"])
    with serving_declared(declared) as registry:
        client = MCPClient(scopes=["groups"])
        assert not client.call("add_group", name="clerks").is_error

        assert client.call("list_groups").data == ["clerks"]
        assert registry.groups == ("groups",)
        properties = registry.of(Tool)["add_group"].input_schema["properties"]
        assert properties["name"]["description"] == "What it is called."


def test_what_an_adapter_declares_wrongly_is_reported_with_its_place() -> None:
    with collecting() as declared:
        expose(Endpoints, "list_groups", group="two words")
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)

    (problem,) = caught.value.problems
    assert problem.startswith(f"{__name__}.Endpoints.list_groups (tests/primitives/")
    assert problem.endswith("the group 'two words' is not 1 to 64 of A-Z a-z 0-9 _ . -")


def test_iterables_of_options_are_read_once() -> None:
    def scopes() -> Iterable[str]:
        yield "groups"

    with collecting() as declared:
        expose(Endpoints, "list_groups", scopes=scopes())

    assert build(declared).scopes == build(declared).scopes == {"groups": "default"}


def test_anything_but_a_declaration_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match=r"register\(\) takes a declaration, not <function expose"):
        register(expose)  # type: ignore[arg-type]
