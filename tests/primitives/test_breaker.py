"""Declarations of circuit breakers, and what is wrong with them."""

import sys
from typing import Any

import pytest

from django_mcp import Breaker, prompt, resource, tool
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build


def ask() -> str:
    """Ask the upstream."""
    return ""


def tell() -> str:
    """Tell the upstream."""
    return ""


def problems(**options: Any) -> tuple[str, ...]:
    """What is wrong with one tool of these options."""
    with collecting() as declared:
        tool(**options)(ask)
    with pytest.raises(ToolRegistrationError) as raised:
        build(declared)
    return raised.value.problems


@pytest.mark.parametrize(
    ("breaker", "reason"),
    [
        (5, "breaker must be a django_mcp.Breaker"),
        (Breaker(failures=0), "Breaker.failures must be a positive integer"),
        (Breaker(failures=True), "Breaker.failures must be a positive integer"),
        (Breaker(reset=0.5), "Breaker.reset must be a number of seconds from 1 to 86400"),
        (Breaker(reset=float("nan")), "Breaker.reset must be a number of seconds from 1 to 86400"),
        (Breaker(reset="30"), "Breaker.reset must be a number of seconds from 1 to 86400"),  # type: ignore[arg-type]
        (Breaker(name=""), "Breaker.name must be 1 to 64 of the characters A-Z a-z 0-9 _ . -"),
        (Breaker(name="a b"), "Breaker.name must be 1 to 64 of the characters A-Z a-z 0-9 _ . -"),
        (Breaker(on=()), "Breaker.on must be a tuple of exception classes"),
        (Breaker(on=ValueError), "Breaker.on must be a tuple of exception classes"),  # type: ignore[arg-type]
    ],
)
def test_wrong_option_is_a_problem_of_the_declaration(breaker: Any, reason: str) -> None:
    (reported,) = problems(breaker=breaker)

    assert reported.endswith(f": {reason}")


def test_breaker_without_pybreaker_is_a_problem_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pybreaker", None)

    (reported,) = problems(breaker=Breaker())

    assert 'pip install "django-mcp-toolkit[resilience]"' in reported


def test_declarations_of_one_name_with_other_numbers_are_a_problem() -> None:
    with collecting() as declared:
        tool(breaker=Breaker(name="payments", failures=3))(ask)
        tool(breaker=Breaker(name="payments", failures=4))(tell)
    with pytest.raises(ToolRegistrationError) as raised:
        build(declared)

    (reported,) = raised.value.problems
    assert "tell" in reported.partition(": ")[0]
    assert "'payments' with failures=3, reset=30" in reported


def test_all_kinds_share_a_breaker_by_its_name() -> None:
    shared = Breaker(name="payments", reset=5)
    with collecting() as declared:
        tool(breaker=shared)(ask)
        prompt(breaker=Breaker(name="payments", reset=5, on=(OSError,)))(tell)
        resource("pay://state", breaker=shared, name="state")(ask)
        registry = build(declared)

    assert [each.breaker.name for each in registry.primitives.values() if each.breaker] == [
        "payments"
    ] * 3
