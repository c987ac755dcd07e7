"""The services of the deployments, called as tools by an agent."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from jsonschema import Draft202012Validator
from pytest_django import Settings

from django_mcp.exceptions import MissingScopeError
from django_mcp.testing import MCPClient
from example_project.deployments.models import Release, UpstreamState

READ = ["deploy:read"]
READ_AND_WRITE = ["deploy:read", "deploy:write"]
READING = {"get_deployment_status", "list_releases", "list_services"}
TOOLS = READING | {"roll_back"}
ROLL_BACK: dict[str, Any] = {
    "service": "checkout",
    "environment": "staging",
    "version": "2.3.1",
}


@pytest.fixture
def agent(demo: User) -> MCPClient:
    return MCPClient(user=demo, scopes=READ_AND_WRITE)


def test_only_rolling_back_is_announced_as_a_change(agent: MCPClient) -> None:
    annotations = {tool.name: tool.annotations for tool in agent.list_tools() if tool.name in TOOLS}

    assert set(annotations) == TOOLS
    assert all(hints is not None for hints in annotations.values())
    assert {name for name, hints in annotations.items() if hints and hints.read_only_hint} == (
        READING
    )
    roll_back = annotations["roll_back"]
    assert roll_back is not None
    assert (roll_back.destructive_hint, roll_back.idempotent_hint) == (True, True)


def test_every_text_that_a_tool_takes_is_an_enum_or_has_a_pattern(agent: MCPClient) -> None:
    for tool in agent.list_tools():
        if tool.name not in TOOLS:
            continue
        definitions = tool.input_schema.get("$defs", {})
        for schema in tool.input_schema["properties"].values():
            for part in schema.get("anyOf", [schema]):
                known = definitions[part["$ref"].split("/")[-1]] if "$ref" in part else part
                assert known["type"] != "string" or {"enum", "pattern"} & set(known)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"environment": "prod"}, "environment: must be one of 'development', 'staging' or"),
        ({"environment": "Staging"}, "environment"),
        ({"service": "Checkout"}, "service: must match the pattern"),
        ({"service": "checkout\n"}, "service"),
        ({"service": "-checkout"}, "service"),
        ({"service": "c" * 41}, "service"),
        ({"service": ""}, "service"),
        ({"version": "2.3"}, "version: must match the pattern"),
        ({"version": "v2.3.1"}, "version"),
        ({"version": "2.3.1-rc1"}, "version"),
        ({"version": "٢.3.1"}, "version"),
        ({"version": 2.3}, "version"),
        ({"force": True}, "force"),
        ({"user": "admin"}, "user"),
    ],
)
def test_invalid_argument_is_named_and_nothing_runs(
    changes: dict[str, Any], named: str, agent: MCPClient
) -> None:
    result = agent.call("roll_back", **{**ROLL_BACK, **changes})

    assert result.is_error
    assert named in result.text
    assert not Release.objects.filter(is_roll_back=True).exists()


def test_answers_keep_to_their_schemas(agent: MCPClient) -> None:
    calls: dict[str, dict[str, Any]] = {
        "list_services": {"environment": "staging", "name_contains": "out"},
        "list_releases": {"environment": "staging", "service": "checkout"},
        "get_deployment_status": {"environment": "staging"},
        "roll_back": ROLL_BACK,
    }
    schemas = {tool.name: tool.output_schema for tool in agent.list_tools()}

    for name, arguments in calls.items():
        result = agent.call(name, **arguments)
        assert not result.is_error, result.text
        schema = schemas[name]
        assert schema is not None
        Draft202012Validator(schema).validate(result.structured)


def test_releases_show_what_is_named_of_them_and_no_more(agent: MCPClient) -> None:
    (release,) = agent.call(
        "list_releases", service="checkout", environment="staging", limit=1
    ).data

    released_at = release.pop("released_at")
    assert release == {
        "version": "2.4.0",
        "released_by": "pipeline",
        "is_roll_back": False,
        "notes": "New payment provider",
    }
    assert released_at.endswith("Z")


def test_roll_back_is_made_in_the_name_of_the_caller(agent: MCPClient) -> None:
    result = agent.call("roll_back", **ROLL_BACK)

    assert result.structured == {
        "service": "checkout",
        "environment": "staging",
        "version": "2.3.1",
        "previous_version": "2.4.0",
        "has_changed": True,
    }
    assert Release.objects.get(is_roll_back=True).released_by == "demo"


def test_token_that_may_only_read_rolls_nothing_back(demo: User) -> None:
    reader = MCPClient(user=demo, scopes=READ)

    with pytest.raises(MissingScopeError) as caught:
        reader.call("roll_back", **ROLL_BACK)

    assert caught.value.required == {"deploy:write"}
    assert reader.call("get_deployment_status", environment="staging").data[1]["version"] == (
        "2.4.0"
    )


def test_production_needs_the_permission_whatever_the_scopes(
    agent: MCPClient, releaser: User
) -> None:
    production = {**ROLL_BACK, "environment": "production", "version": "2.3.0"}

    refused = agent.call("roll_back", **production)
    done = MCPClient(user=releaser, scopes=READ_AND_WRITE).call("roll_back", **production)

    assert refused.error["error"] == "The user may not roll back services in production."
    assert done.data["version"] == "2.3.0"


@pytest.mark.parametrize(("condition", "seconds"), [("down", 30), ("slow", 10)])
def test_failing_platform_reaches_the_agent_as_worth_a_retry(
    condition: str, seconds: int, agent: MCPClient, settings: Settings
) -> None:
    settings.DEPLOYMENTS_TIMEOUT = 0.01
    call_command("upstream", "staging", condition, verbosity=0)

    result = agent.call("get_deployment_status", environment="staging")

    assert result.is_error
    assert (result.error["retryable"], result.error["retry_after"]) == (True, seconds)
    assert result.error["hint"] in result.text
    assert f"{seconds} seconds" in result.text


def test_platform_keeps_what_an_unconfirmed_roll_back_has_begun(
    agent: MCPClient, settings: Settings
) -> None:
    settings.DEPLOYMENTS_TIMEOUT = 0.01
    call_command("upstream", "staging", "slow", verbosity=0)

    result = agent.call("roll_back", **ROLL_BACK)

    assert result.error["retryable"]
    state = UpstreamState.objects.get(environment="staging")
    assert state.running["checkout"]["version"] == "2.3.1"
    assert not Release.objects.filter(is_roll_back=True).exists()


def test_platform_that_keeps_failing_is_left_alone_by_all_that_ask_it(
    agent: MCPClient, settings: Settings
) -> None:
    settings.DEPLOYMENTS_TIMEOUT = 0.01
    call_command("upstream", "staging", "slow", verbosity=0)
    for _ in range(5):
        agent.call("get_deployment_status", environment="staging")
    call_command("upstream", "staging", "ok", verbosity=0)

    refused = [
        agent.call("get_deployment_status", environment="staging"),
        agent.call("roll_back", **ROLL_BACK),
    ]

    assert [(each.error["kind"], each.error["retry_after"]) for each in refused] == [
        ("circuit_open", 30)
    ] * 2
    assert agent.call("list_services").data
    assert not Release.objects.filter(is_roll_back=True).exists()


def test_mistakes_of_the_agent_do_not_open_the_breaker(agent: MCPClient) -> None:
    for _ in range(6):
        result = agent.call("get_deployment_status", environment="staging", service="chekout")
        assert result.error["kind"] == "tool_error"

    assert agent.call("get_deployment_status", environment="staging").data


def test_question_is_asked_again_when_the_platform_cannot_be_reached(
    agent: MCPClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="django_mcp.calls")
    call_command("upstream", "staging", "down", verbosity=0)

    result = agent.call("get_deployment_status", environment="staging")

    assert result.error["retryable"]
    assert [line for line in caplog.messages if "is run again, run 2" in line]
