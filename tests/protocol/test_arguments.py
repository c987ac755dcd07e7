"""Arguments over HTTP: exact, or refused in words before the tool runs."""

import asyncio
import json
from typing import Any

import pytest
from pytest_django import Settings

from django_mcp.models import CallRecord
from tests.wire import Client


def call(client: Client, name: str, /, **arguments: Any) -> dict[str, Any]:
    return asyncio.run(client.acall(name, **arguments)).result


def test_arguments_arrive_exactly(client: Client) -> None:
    parcel = {"sent_on": "2026-01-31", "weight": None}
    result = call(client, "send_parcel", parcel=parcel, number=str(2**63), labels=None)

    assert json.loads(result["content"][0]["text"]) == {
        "parcel": {"sent_on": "2026-01-31", "weight": 1.0},
        "number": str(2**63 + 1),
        "labels": [],
    }


@pytest.mark.parametrize(
    ("name", "arguments", "hint"),
    [
        (
            "send_parcel",
            {"parcel": {"sent_on": "2026-01-31", "weight": 10**400}},
            "- parcel.weight: must be a finite number",
        ),
        (
            "send_parcel",
            {"parcel": {"sent_on": "2026-01-31"}, "labels": '["a"]'},
            "- labels: must be a list: send JSON, not a string that holds JSON",
        ),
        (
            "send_parcel",
            {"parcel": {"sent_on": "2026-01-31", "colour": "red"}},
            "- parcel.colour: is not known here; remove it",
        ),
        ("divide", {"by": 0}, "- by: cannot be checked: a rule for it fails"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_in_words(
    client: Client, name: str, arguments: dict[str, Any], hint: str
) -> None:
    result = call(client, name, **arguments)

    assert result["isError"] is True
    assert result["_meta"]["django-mcp/error"]["hint"] == hint
    assert CallRecord.objects.get().outcome == "invalid_arguments"


def test_arguments_that_hosts_add_are_dropped(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_IGNORED_ARGUMENTS = ["toolCallId"]
    result = call(client, "echo", text="a", toolCallId="5")

    assert result["content"] == [{"type": "text", "text": "a"}]
