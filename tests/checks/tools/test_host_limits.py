"""Check of the limits of hosts."""

import re
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from tests.calls import offering
from tests.checks.messages import found, hints
from tests.tools.single_tools import taking

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


def act(value: Any = None) -> None:
    """Act."""


BOUNDS = ("refuses more than 1,024", "cuts it after 2,048")


class Branch(BaseModel):
    branches: list["Branch"] = []


class TestHosts:
    @pytest.mark.parametrize(
        "name", ["größe", "$top", "filter[status]", "a" * 65, "", "a b", "a\n"]
    )
    def test_w026_tells_of_names_that_some_hosts_refuse(self, name: str) -> None:
        with offering(taking(Annotated[int, Field(alias=name)])):
            (message,) = found()["W026"]
            (hint,) = hints()["W026"]

        assert repr(name) in message
        (alias,) = re.findall(r'Field\(alias="([^"]+)"\)', hint)
        with offering(taking(Annotated[int, Field(alias=alias)])):
            assert found() == {}
        assert "taking.<locals>.take" in message

    @pytest.mark.parametrize("name", ["a", "a.b-c_D9", "a" * 64])
    def test_w026_is_silent_about_names_that_every_host_takes(self, name: str) -> None:
        with offering(taking(Annotated[int, Field(alias=name)])):
            assert found() == {}

    @pytest.mark.parametrize(
        ("length", "bounds"),
        [(1024, ()), (1025, BOUNDS[:1]), (2048, BOUNDS[:1]), (2049, BOUNDS)],
    )
    def test_w027_tells_of_descriptions_that_some_hosts_refuse_or_cut(
        self, length: int, bounds: tuple[str, ...]
    ) -> None:
        with offering(act, description="x" * length):
            messages = found()

        assert set(messages) == ({"W027"} if bounds else set())
        for message in messages.get("W027", ()):
            assert f"{length:,} characters" in message
            assert [each for each in BOUNDS if each in message] == list(bounds)

    def test_w028_tells_of_definitions_that_some_hosts_lose(self) -> None:
        both = taking(Branch)
        both.__annotations__["return"] = list[Branch]

        with offering(both):
            (message,) = found()["W028"]

        assert "Gemini CLI" in message
        assert "$defs of its input and output schema" in message
