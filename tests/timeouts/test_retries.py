"""Functions that fail, and are run again within their call."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import stamina
from django.contrib.auth.models import Group
from pytest_django import Settings

from django_mcp import Retry, ToolError, tool
from django_mcp.asgi import Application
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.models import CallRecord
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from tests.guards import examples
from tests.keys import PATH
from tests.timeouts import flaky_tools
from tests.timeouts.flaky_tools import failures, runs, transient
from tests.wire import Client, serving


@pytest.fixture
def application(settings: Settings) -> Iterator[Application]:
    """Anybody may call functions that have not failed yet."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    failures.clear()
    runs.clear()
    with serving(flaky_tools.TOOLS) as application:
        yield application


def outcomes() -> list[str]:
    return list(CallRecord.objects.values_list("outcome", flat=True))


@pytest.mark.django_db
class TestRuns:
    @pytest.mark.parametrize("name", ["read", "aread", "write"])
    def test_function_is_run_until_it_succeeds(self, client: Client, name: str) -> None:
        failures[:] = [ValueError(), transient()]

        answer = client.call(name)

        assert answer.result["structuredContent"] == {"result": "run 3"}
        assert outcomes() == ["ok"]

    def test_each_run_has_a_transaction_of_its_own(self, client: Client) -> None:
        failures[:] = [ValueError(), ValueError()]

        client.call("write")

        assert [each.name for each in Group.objects.all()] == ["run 3"]

    @pytest.mark.parametrize(
        ("method", "params"),
        [("resources/read", {"uri": "flaky://thing"}), ("prompts/get", {"name": "asking"})],
    )
    def test_resources_and_prompts_are_run_again_too(
        self, client: Client, method: str, params: dict[str, Any]
    ) -> None:
        failures[:] = [ValueError()]

        answer = client.send(method, params)

        assert "run 2" in str(answer.result)
        assert outcomes() == ["ok"]

    @pytest.mark.parametrize("name", ["read", "aread"])
    def test_last_failure_is_answered_when_there_are_no_more_runs(
        self, client: Client, name: str
    ) -> None:
        failures[:] = [transient(), ValueError(), ToolError("Now.", retryable=True)]

        answer = client.call(name)

        assert answer.result["isError"]
        assert answer.result["_meta"]["django-mcp/error"]["error"] == "Now."
        assert len(runs) == 3
        assert outcomes() == ["tool_error"]

    @pytest.mark.parametrize(
        ("name", "failure"),
        [
            ("read", ToolError("It is not so.")),
            ("read_upstream", ValueError()),
            ("read_upstream", transient()),
            ("read", SystemExit(1)),
            ("once", ValueError()),
        ],
    )
    def test_other_failures_are_final(
        self, client: Client, name: str, failure: BaseException
    ) -> None:
        failures[:] = [failure]

        answer = client.call(name)

        assert answer.result["isError"]
        assert len(runs) == 1

    def test_named_exceptions_include_their_subclasses(self, client: Client) -> None:
        failures[:] = [flaky_tools.HungUpError()]

        client.call("read_upstream")

        assert len(runs) == 2

    def test_refusal_of_a_guard_is_final(self, client: Client, settings: Settings) -> None:
        settings.DJANGO_MCP_GUARDS = [f"{examples.HERE}.Filter"]

        answer = client.call("read")

        assert answer.result["_meta"]["django-mcp/error"]["kind"] == "switched_off"
        assert len(runs) == 1

    def test_fault_of_a_guard_is_final(
        self, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.DJANGO_MCP_GUARDS = [f"{examples.HERE}.Faulty"]
        monkeypatch.setattr(examples.Faulty, "phase", "after")

        answer = client.call("read")

        assert answer.result["_meta"]["django-mcp/error"]["kind"] == "failed"
        assert len(runs) == 1

    def test_no_run_begins_that_could_not_end_in_time(self, client: Client) -> None:
        failures[:] = [transient()]

        answer = client.call("read_patiently")

        assert answer.result["_meta"]["django-mcp/error"]["error"] == "The upstream is away."
        assert len(runs) == 1

    def test_every_retry_is_logged(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        failures[:] = [ValueError()]

        with caplog.at_level(logging.INFO, "django_mcp.calls.retries"):
            client.call("read")

        (line,) = [each for each in caplog.records if each.name == "django_mcp.calls.retries"]
        call_id = CallRecord.objects.get().call_id
        assert line.getMessage() == (
            f"tests.timeouts.flaky_tools.read is run again, run 2 of call {call_id}"
        )

    def test_tests_of_a_project_can_switch_off_waits_and_bound_the_runs(
        self, client: Client
    ) -> None:
        failures[:] = [transient(), transient(), transient()]

        with stamina.set_testing(True, attempts=2):
            client.call("read_patiently")

        assert len(runs) == 2


@pytest.mark.django_db(transaction=True)
class TestWaits:
    def test_sync_function_waits_on_its_thread(self, client: Client) -> None:
        failures[:] = [transient()]

        answer = asyncio.run(client.acall("read_later"))

        assert answer.result["structuredContent"] == {"result": "run 2"}
        assert len(set(runs)) == 1

    def test_async_function_waits_on_the_loop(self, client: Client) -> None:
        failures[:] = [transient()]

        answer = asyncio.run(client.acall("aread_later"))

        assert answer.result["structuredContent"] == {"result": "run 2"}

    def test_call_that_was_given_up_is_not_run_again(self, client: Client) -> None:
        answer = asyncio.run(client.acall("overrun"))

        assert answer.result["_meta"]["django-mcp/error"]["kind"] == "timed_out"
        assert len(runs) == 1
        assert outcomes() == ["timed_out"]


def test_declaration_says_what_to_install_where_stamina_is_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("django_mcp.primitives.resolution.find_spec", lambda name: None)

    with collecting() as declared:

        @tool(read_only=True, retry=Retry())
        def read() -> None:
            """Read."""

        @tool(read_only=True, retry=Retry(), background=True)
        def read_later() -> None:
            """Read later."""

    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)

    (problem,) = caught.value.problems
    assert "<locals>.read " in problem
    assert problem.endswith('retry needs stamina: pip install "django-mcp-toolkit[resilience]"')
