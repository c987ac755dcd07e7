"""Idempotency keys beside the guards of a project, and in databases of their own."""

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from pytest_django import Settings

from django_mcp.exceptions import CallRejectedError
from django_mcp.guards import Call, Guard, Rendered
from django_mcp.models import IdempotencyKey
from tests.databases import Route, second_database
from tests.guards.idempotency.conftest import Call as KeyedCall
from tests.guards.idempotency.test_answers import kind_of, meta_of, outcomes
from tests.guards.idempotency.tools import runs

HERE = "tests.guards.idempotency.test_surroundings"


class Office(Guard):
    """Closed, or open, and hides part of each result."""

    is_open: ClassVar[bool] = True

    def before(self, call: Call) -> Rendered | None:
        if not self.is_open:
            raise CallRejectedError
        return None

    def after(self, call: Call, result: Rendered) -> Rendered:
        return replace(result, structured={**(result.structured or {}), "to": "hidden"})


@pytest.fixture
def office(settings: Settings) -> Iterator[type[Office]]:
    settings.DJANGO_MCP_GUARDS = [f"{HERE}.Office"]
    Office.is_open = True
    yield Office
    Office.is_open = True


@pytest.fixture
def other(application: object) -> Iterator[str]:
    """A second database, without tables."""
    with second_database() as other:
        yield other


@pytest.mark.parametrize("name", ["pay", "apay", "post"])
def test_guards_of_the_project_judge_and_filter_repeated_calls(
    call: KeyedCall, office: type[Office], name: str
) -> None:
    first, second = call(name, to="ann"), call(name, to="ann")
    office.is_open = False
    third = call(name, to="ann")

    assert first.result["structuredContent"] == {"to": "hidden", "run": 1}
    assert second.result["structuredContent"] == {"to": "hidden", "run": 1}
    assert '"ann"' in IdempotencyKey.objects.get().result
    assert kind_of(third) == "failed"
    assert outcomes() == ["ok", "repeated", "failed"]


def test_refusal_of_a_guard_leaves_the_key_free(call: KeyedCall, office: type[Office]) -> None:
    office.is_open = False
    call("pay", to="ann")
    office.is_open = True
    answer = call("pay", to="bob")

    assert answer.result["structuredContent"] == {"to": "hidden", "run": 1}
    assert "django-mcp/repeated" not in meta_of(answer)


@pytest.mark.parametrize("name", ["pay", "apay", "post"])
def test_call_that_cannot_be_put_on_record_leaves_the_key_free(
    call: KeyedCall, other: str, settings: Settings, name: str
) -> None:
    settings.DATABASE_ROUTERS = [Route(other, "CallRecord")]
    refused = call(name, to="ann")
    settings.DATABASE_ROUTERS = []
    answer = call(name, to="ann")

    assert meta_of(refused)["django-mcp/error"]["retryable"] is True
    assert "django-mcp/repeated" not in meta_of(answer)
    assert runs == ["k-1"]


@pytest.mark.parametrize("name", ["pay", "apay", "post"])
class TestInAnotherDatabase:
    @pytest.fixture(autouse=True)
    def _keys_elsewhere(self, other: str, settings: Settings) -> None:
        settings.DATABASE_ROUTERS = [Route(other, "IdempotencyKey")]
        call_command("migrate", "django_mcp", database=other, verbosity=0)

    @pytest.mark.parametrize("how", ["", "refused"])
    def test_answer_is_repeated(self, call: KeyedCall, name: str, how: str) -> None:
        call(name, to="ann", how=how)
        answer = call(name, to="ann", how=how)

        assert meta_of(answer)["django-mcp/repeated"] is True
        assert runs == ["k-1"]

    def test_failure_leaves_the_key_free_where_it_has_undone_everything(
        self, call: KeyedCall, name: str
    ) -> None:
        call(name, to="ann", how="failed")
        answer = call(name, to="ann", how="failed")

        is_undone = name == "pay"
        assert kind_of(answer) == ("failed" if is_undone else "outcome_unknown")
        assert Group.objects.exists() != is_undone
