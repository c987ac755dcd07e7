"""Check of the parameters that docstrings of tools describe."""

from functools import partial
from typing import Any

import django
import pytest

from django_mcp import prompt, resource, tool
from django_mcp.primitives.declaration import collecting
from tests.calls import offering, serving_declared
from tests.checks.messages import found, fresh_registry

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


def google(event: str, other: int) -> str:  # type: ignore[empty-body]
    """Act.

    Args:
        evnt: The event.
        other: Another.

    Attributes:
        size: What objects have.
    """


def numpy(event: str, other: int) -> None:
    """Act.

    Parameters
    ----------
    evnt : str
        The event.
    other : int
    """


def rest(event: str, other: int) -> None:
    """Act.

    :param evnt: The event.
    :param other:
    """


def known(rows: list[str], address: str) -> list[dict[str, Any]]:  # type: ignore[empty-body]
    """Act.

    Args:
        rows: Some.
        rows[].id: Their keys.
        address.city: Where.
        limit: As page_size adds it.
    """


class TestDocstrings:
    @pytest.mark.parametrize("act", [google, numpy, rest], ids=lambda each: each.__name__)
    def test_w035_tells_of_a_described_name_that_is_no_parameter(self, act: Any) -> None:
        with offering(act):
            (message,) = found()["W035"]

        line = act.__code__.co_firstlineno
        assert message == (
            f"{__name__}.{act.__name__} (tests/checks/tools/test_docstrings.py:{line}): its "
            "docstring describes 'evnt', which is no parameter; did you mean 'event'?"
        )

    @pytest.mark.parametrize("declare", [resource("event://{event}/{other}"), prompt])
    def test_w035_tells_of_resources_and_prompts_too(self, declare: Any) -> None:
        with collecting() as declared:
            declare(google)
            with serving_declared(declared):
                (message,) = found()["W035"]

        assert message.endswith("describes 'evnt', which is no parameter; did you mean 'event'?")

    def test_w035_tells_of_the_function_of_an_existing_task(self) -> None:
        module = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
        tasks: Any = pytest.importorskip(module)
        with offering(tasks.task(google), background=True):
            (message,) = found()["W035"]

        assert message.startswith(f"{__name__}.google (tests/checks/tools/test_docstrings.py:")

    def test_w035_is_told_beside_the_errors_of_tools(self) -> None:
        def act(value) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
            """Act.

            Args:
                quite_other: Something.
            """

        with collecting(), fresh_registry():
            tool(act)
            messages = found()

        assert set(messages) == {"E002", "W035"}
        assert messages["W035"][0].endswith("describes 'quite_other', which is no parameter.")

    def test_w035_is_silent_about_parameters_that_there_are(self) -> None:
        def bound(event: str, other: int) -> None:
            """Act.

            Args:
                event: The event.
                other: Another.
            """

        with offering(known, page_size=5):
            assert found() == {}
        with offering(partial(bound, "pycon"), name="bound"):
            assert found() == {}
