"""The tour of the deployments: a platform that fails, and a tool that destroys."""

import asyncio
import re
from urllib.parse import urljoin

from mcp.client.client import Client

from example_project.demo import accounts, terminal
from example_project.demo.browser import signed_in, submit
from example_project.demo.client import (
    call,
    call_without_scope,
    connect,
    expect,
    structured,
    text,
    tool_error,
)
from example_project.demo.operator import Operator
from example_project.demo.resources import read_json
from example_project.demo.tokens import Tokens

SERVICE = "checkout"
PLACE = {"environment": "staging"}
FAULTY_VERSION = "2.4.0"
SOUND_VERSION = "2.3.1"
ROLL_BACK = {**PLACE, "service": SERVICE, "version": SOUND_VERSION}

FAILURES = 5
RESET = 30
"""Of the platform's circuit breaker: the failures that open it, and the seconds until it tries."""

TOOLS = {"get_deployment_status", "list_releases", "list_services", "roll_back"}

RECORD = [
    ("list_services", "demo", "ok"),
    ("get_deployment_status", "demo", "ok"),
    ("service", "demo", "ok"),
    ("get_deployment_status", "demo", "tool_error"),
    ("get_deployment_status", "demo", "tool_error"),
    ("list_releases", "demo", "ok"),
    ("get_deployment_status", "demo", "tool_error"),
    ("get_deployment_status", "demo", "tool_error"),
    ("get_deployment_status", "demo", "tool_error"),
    ("get_deployment_status", "demo", "circuit_open"),
    ("get_deployment_status", "demo", "ok"),
    ("roll_back", "demo", "invalid_arguments"),
    ("roll_back", "demo", "missing_scope"),
    ("roll_back", "demo", "tool_error"),
    ("roll_back", "demo", "ok"),
    ("roll_back", "demo", "ok"),
    ("get_deployment_status", "demo", "ok"),
]
"""Expected records of the tour's calls: the tool, the user, the outcome."""


async def walk(url: str, tokens: Tokens, operator: Operator) -> None:
    """Look, wait, roll back; raises `UnexpectedError` where the server disappoints."""
    async with connect(url, tokens.demo) as client:
        await _find_the_fault(client)
        await _outlast_the_upstream(client, operator)
        await _leave_it_alone(url, client, operator)
        await _miss_the_pattern(client)
    await _lack_a_scope(url, tokens.demo_read_only)
    async with connect(url, tokens.demo) as client:
        await _lack_a_permission(client)
        await _roll_back(client)


async def _find_the_fault(client: Client) -> None:
    terminal.heading("The second example: services on a deployment platform")
    listed = structured(await call(client, "list_services", PLACE))["result"]
    terminal.table(
        ["service", "team", "staging", "production"],
        [
            [
                service["name"],
                service["team"],
                service["versions"]["staging"],
                service["versions"].get("production", ""),
            ]
            for service in listed
        ],
    )
    expect(SERVICE in {service["name"] for service in listed}, f"{SERVICE} should be listed")
    await _expect_status(client, version=FAULTY_VERSION, health="degraded")
    service = await read_json(client, f"service://{SERVICE}")
    terminal.good(f"Team {service['team']} is to know.")


async def _outlast_the_upstream(client: Client, operator: Operator) -> None:
    terminal.heading("The platform fails, and the agent learns how to go on")
    for condition in ("slow", "down"):
        await _set_upstream(operator, condition)
        error = tool_error(await call(client, "get_deployment_status", PLACE))
        expect(error["retryable"] is True, "the error should be worth a retry")
        expect(error["retry_after"] > 0, "the error should say how long to wait")
        expect("list_releases" in error["hint"], "the hint should say what to do meanwhile")
    arguments = {**PLACE, "service": SERVICE, "limit": 3}
    releases = structured(await call(client, "list_releases", arguments))["result"]
    terminal.table(
        ["version", "released", "by", "notes"],
        [
            [entry["version"], entry["released_at"][:10], entry["released_by"], entry["notes"]]
            for entry in releases
        ],
    )


async def _leave_it_alone(url: str, client: Client, operator: Operator) -> None:
    terminal.heading("What keeps failing is left alone for a while")
    terminal.call("get_deployment_status", "three times more, which makes five failures in a row")
    for _ in range(FAILURES - 2):
        failed = await client.call_tool("get_deployment_status", PLACE)
        expect(failed.is_error, "the call should fail")
    error = tool_error(await call(client, "get_deployment_status", PLACE))
    expect(error["kind"] == "circuit_open", "the circuit breaker should be open")
    expect(0 < error["retry_after"] <= RESET, "the error should say how long to wait")
    await _set_upstream(operator, "ok")
    page = urljoin(url, "/admin/django_mcp/toolgroup/circuit-breakers/")
    async with signed_in(url, accounts.ADMIN.username, accounts.ADMIN.password) as browser:
        (key,) = re.findall(r'name="breaker" value="([^"]+)"', (await browser.get(page)).text)
        closed = await submit(browser, page, {"breaker": key, "confirmed": "yes"})
        expect(closed.status_code == 302, "the admin should close the circuit breaker")
    terminal.good("An operator who will not wait closes the circuit breaker in the admin.")
    await _expect_status(client, version=FAULTY_VERSION, health="degraded")


async def _miss_the_pattern(client: Client) -> None:
    terminal.heading("Rolling back is held to enums, patterns, scopes and permissions")
    nonsense = {"service": "Checkout!", "environment": "prod", "version": "latest"}
    result = await call(client, "roll_back", nonsense)
    expect(result.is_error, "the call should be refused")
    for name in nonsense:
        expect(name in text(result), f"the refusal should name {name}")
    terminal.refused(text(result))


async def _lack_a_scope(url: str, token: str) -> None:
    terminal.call("roll_back", "with a token that may only read")
    await call_without_scope(url, token, "roll_back", ROLL_BACK, scope="deploy:write")


async def _lack_a_permission(client: Client) -> None:
    production = {**ROLL_BACK, "environment": "production", "version": "2.3.0"}
    error = tool_error(await call(client, "roll_back", production))
    expect(not error["retryable"], "a missing permission should not be worth a retry")


async def _roll_back(client: Client) -> None:
    terminal.heading("It rolls back")
    done = structured(await call(client, "roll_back", ROLL_BACK))
    expect(done["has_changed"] is True, "the version should have changed")
    terminal.good(f"{done['version']} has replaced {done['previous_version']}.")
    again = structured(await call(client, "roll_back", ROLL_BACK))
    expect(again["has_changed"] is False, "a second call should change nothing")
    terminal.good("Repeating the call changes nothing.")
    await _expect_status(client, version=SOUND_VERSION, health="healthy")


async def _expect_status(client: Client, *, version: str, health: str) -> None:
    arguments = {**PLACE, "service": SERVICE}
    (status,) = structured(await call(client, "get_deployment_status", arguments))["result"]
    expect(
        (status["version"], status["health"]) == (version, health),
        f"{SERVICE} should run {version} and be {health}",
    )
    terminal.good(f"{SERVICE} {status['version']} is {status['health']}.")


async def _set_upstream(operator: Operator, condition: str) -> None:
    # Commands use the database, which is not for the event loop's thread.
    said = await asyncio.to_thread(operator, "upstream", PLACE["environment"], condition)
    terminal.say(said)
