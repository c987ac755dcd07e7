"""Resources as clients list and read them, in both eras."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group
from pytest_django import Settings

from django_mcp import resource
from django_mcp.asgi import Application
from django_mcp.models import CallRecord, ToolGroup
from django_mcp.primitives.declaration import collecting
from tests.keys import PATH
from tests.protocol.documents import DOCUMENTS, SECRET
from tests.resources.errors import not_found
from tests.wire import Answer, Client, serving

HOSTILE = [
    "",
    "shop://page/..",
    "shop://page/../../etc/passwd",
    "shop://page/%2e%2e",
    "shop://page/%2E%2E%2Fetc%2Fpasswd",
    "shop://page/a/../../b",
    "shop://page//etc/passwd",
    "shop://page/%2Fetc%2Fpasswd",
    "shop://page/C:/windows",
    "shop://page/a%00b",
    "shop://page/a\x00b",
    "shop://page/a\nb",
    "shop://page/%ff",
    "shop://page/" + "a" * 10_000,
    "file:///etc/passwd",
    "http://169.254.169.254/",
    "javascript:alert(1)",
    "shop://",
    "shop:hours",
    "SHOP://HOURS",
    "shop://hours/",
    "shop://hours#x",
]


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    """Anybody may read; the group `closed` is off."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    with serving(DOCUMENTS) as application:
        yield application


def read(client: Client, uri: str) -> Answer:
    return client.send("resources/read", {"uri": uri})


def contents(client: Client, uri: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(client, uri).result["contents"]
    return found


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("shop://hours", {"mimeType": "text/markdown", "text": "Nine to five"}),
        ("shop://ahours", {"mimeType": "text/plain", "text": "Nine to five"}),
        ("shop://logo", {"mimeType": "application/octet-stream", "blob": "AP8="}),
        (
            "shop://bill/7",
            {"mimeType": "application/json", "text": '[{"item":"bill 7","price":1.5}]'},
        ),
        (
            "shop://abill/7?currency=USD",
            {"mimeType": "application/json", "text": '{"number":7,"currency":"USD"}'},
        ),
        (
            "shop://abill/7",
            {"mimeType": "application/json", "text": '{"number":7,"currency":"EUR"}'},
        ),
        ("shop://page/a/b%20c", {"mimeType": "text/plain", "text": "page a/b c"}),
        ("shop://file", {"mimeType": "text/csv", "blob": "YSxi"}),
    ],
)
def test_resource_is_read_under_its_uri(client: Client, uri: str, expected: dict[str, str]) -> None:
    assert contents(client, uri) == [{"uri": uri, **expected}]


def test_uri_of_other_characters_is_answered_as_a_uri(client: Client) -> None:
    assert contents(client, "shop://page/Gr\u00f6\u00dfe") == [
        {
            "uri": "shop://page/Gr%C3%B6%C3%9Fe",
            "mimeType": "text/plain",
            "text": "page Gr\u00f6\u00dfe",
        }
    ]


@pytest.mark.parametrize("uri", ["shop://group/staff", "shop://agroup/staff"])
def test_model_instance_is_read_as_its_fields(client: Client, uri: str) -> None:
    Group.objects.create(name="staff")

    assert contents(client, uri) == [
        {"uri": uri, "mimeType": "application/json", "text": '{"name":"staff"}'}
    ]


def test_several_contents_keep_uris_of_their_own(client: Client) -> None:
    assert contents(client, "shop://parts") == [
        {"uri": "shop://parts", "mimeType": "text/plain", "text": "one"},
        {"uri": "shop://parts", "mimeType": "image/png", "blob": "dHdv"},
        {"uri": "shop://parts/3", "mimeType": "text/html", "text": "three"},
    ]


def test_read_is_on_record_with_its_resource_and_variables(client: Client) -> None:
    result = read(client, "shop://bill/7").result

    record = CallRecord.objects.get()
    assert result["_meta"]["django-mcp/call-id"] == str(record.call_id)
    assert (record.kind, record.name, record.outcome) == ("resource", "bill", "ok")
    assert record.arguments == {"number": "7"}


@pytest.mark.parametrize(
    "uri",
    [
        "shop://missing",
        "shop://hidden",
        "shop://own",  # for anonymous callers
        "shop://forbidden",
        "shop://group/missing",
        "shop://agroup/missing",
    ],
)
def test_missing_and_forbidden_resources_are_answered_alike(client: Client, uri: str) -> None:
    answer = read(client, uri)

    assert answer.error == not_found(client.era, uri)
    assert SECRET not in answer.text


@pytest.mark.parametrize("uri", HOSTILE)
def test_hostile_uri_reaches_no_function(client: Client, uri: str) -> None:
    answer = read(client, uri)

    assert answer.error["code"] == not_found(client.era, uri)["code"]
    assert answer.error["message"] == "Resource not found"
    assert CallRecord.objects.get().outcome == "not_found"


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("shop://bill/x", "number: must be an integer"),
        ("shop://bill/0", "number: must be greater than or equal to 1"),
        ("shop://abill/7?currency=GBP", "currency: must be one of EUR, USD"),
    ],
)
def test_invalid_variables_are_answered_with_each_reason(
    client: Client, uri: str, reason: str
) -> None:
    error = read(client, uri).error

    assert error["code"] == -32602
    assert error["message"].startswith("The arguments are invalid.\n- ")
    assert error["data"]["django-mcp/error"]["kind"] == "invalid_arguments"
    assert reason.partition(":")[0] in error["message"]
    assert CallRecord.objects.get().outcome == "invalid_arguments"


def test_refusal_of_a_resource_reaches_the_client(client: Client) -> None:
    error = read(client, "shop://refused").error

    assert error == {
        "code": -32603,
        "message": "The shop is closed.\nCome back tomorrow.\nYou may try again.",
        "data": {
            "django-mcp/error": {
                "kind": "tool_error",
                "error": "The shop is closed.",
                "retryable": True,
                "hint": "Come back tomorrow.",
                "retry_after": None,
            }
        },
    }


@pytest.mark.parametrize("uri", ["shop://broken", "shop://abroken"])
def test_failure_of_a_resource_tells_nothing_but_an_id(
    client: Client, uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = read(client, uri)

    record = CallRecord.objects.get()
    assert answer.error["code"] == -32603
    assert str(record.call_id) in answer.error["message"]
    assert SECRET not in answer.text
    assert SECRET in caplog.text
    assert record.outcome == "failed"


def test_lists_have_resources_and_templates_apart(client: Client) -> None:
    resources = client.send("resources/list").result["resources"]
    templates = client.send("resources/templates/list").result["resourceTemplates"]

    assert [each["name"] for each in resources] == [
        "abroken",
        "ahours",
        "broken",
        "file",
        "forbidden",
        "hours",
        "logo",
        "parts",
        "refused",
    ]
    assert resources[5] == {
        "uri": "shop://hours",
        "name": "hours",
        "title": "Opening hours",
        "description": "Opening hours of the shop.",
        "mimeType": "text/markdown",
        "size": 12,
        "annotations": {
            "audience": ["user", "assistant"],
            "priority": 0.5,
            "lastModified": "2026-01-02T03:04:05+00:00",
        },
        "icons": [{"src": "https://shop.example/hours.png", "mimeType": "image/png"}],
    }
    assert [each["uriTemplate"] for each in templates] == [
        "shop://abill/{number}{?currency}",
        "shop://agroup/{name}",
        "shop://bill/{number}",
        "shop://group/{name}",
        "shop://page/{+path}",
    ]


@pytest.mark.parametrize("use_tz", [True, False])
def test_naive_time_of_a_change_is_read_in_the_time_zone_of_the_site(
    client: Client, settings: Settings, use_tz: bool
) -> None:
    settings.TIME_ZONE, settings.USE_TZ = "Europe/Berlin", use_tz
    with collecting() as declared:

        @resource("shop://hours", last_modified=datetime(2026, 1, 2, 3, 4, 5))  # noqa: DTZ001
        def hours() -> str:
            """Opening hours."""
            return "Nine to five"

    with serving(declared) as other:
        (listed,) = client.having(application=other).send("resources/list").result["resources"]

    assert listed["annotations"] == {"lastModified": "2026-01-02T03:04:05+01:00"}


@pytest.mark.parametrize("method", ["resources/list", "resources/templates/list"])
def test_lists_come_in_pages(client: Client, settings: Settings, method: str) -> None:
    key = "resources" if method == "resources/list" else "resourceTemplates"
    whole = client.send(method).result[key]
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 2
    pages: list[Any] = []
    params: dict[str, Any] = {}
    while True:
        result = client.send(method, params).result
        pages.append(result[key])
        if "nextCursor" not in result:
            break
        params = {"cursor": result["nextCursor"]}

    assert [each for page in pages for each in page] == whole
    assert {len(page) for page in pages[:-1]} == {2}
