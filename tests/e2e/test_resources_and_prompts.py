"""The official client reads, gets and completes at a real server that asks for a token."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest
from mcp import MCPError
from mcp.client.client import Client
from mcp_types import PromptReference, ResourceTemplateReference
from pydantic import BaseModel

from tests.conformance_project.declarations.media import RED_PIXEL
from tests.conformance_project.process import RunningServer, running_server
from tests.e2e.errors import cause_of
from tests.e2e.sdk import MODES, CheckedTransport, connecting

pytestmark = pytest.mark.parametrize("mode", MODES)

PAGE_SIZE = 2

T = TypeVar("T")
Get = Callable[[Client], Awaitable[BaseModel]]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server(auth=True, environment={"LIST_PAGE_SIZE": str(PAGE_SIZE)}) as running:
        yield running


def ask(
    server: RunningServer,
    mode: str,
    get: Callable[[Client], Awaitable[T]],
    *,
    token: str = "good",
    transport: CheckedTransport | None = None,
) -> T:
    """Connect, and return what the client gets."""

    async def scenario() -> T:
        async with connecting(
            server.url, mode=mode, token=server.tokens[token], transport=transport
        ) as client:
            return await get(client)

    return asyncio.run(scenario())


def error_of(server: RunningServer, mode: str, get: Get) -> MCPError:
    """The error that the client gets."""
    with pytest.raises((MCPError, ExceptionGroup)) as caught:
        ask(server, mode, get)
    error = cause_of(caught.value)
    assert isinstance(error, MCPError)
    return error


def sent(model: BaseModel, key: str) -> Any:
    """A part of a result, as it was on the wire."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)[key]


LISTS = {
    "tools": (Client.list_tools, "name", {"echo", "reserve"}),
    "prompts": (Client.list_prompts, "name", {"test_simple_prompt", "test_prompt_with_image"}),
    "resources": (Client.list_resources, "uri", {"test://static-text", "test://static-binary"}),
    "resourceTemplates": (
        Client.list_resource_templates,
        "uriTemplate",
        {"doc://{name}", "test://template/{id}/data"},
    ),
}


@pytest.mark.parametrize("key", LISTS)
def test_client_turns_the_pages_of_a_list(server: RunningServer, mode: str, key: str) -> None:
    method, name, expected = LISTS[key]

    async def every_page(client: Client) -> list[list[str]]:
        pages = [await method(client)]
        while cursor := pages[-1].next_cursor:
            pages.append(await method(client, cursor=cursor))
        return [[item[name] for item in sent(page, key)] for page in pages]

    pages = ask(server, mode, every_page)

    names = [each for page in pages for each in page]
    assert [len(page) for page in pages[:-1]] == [PAGE_SIZE] * (len(pages) - 1)
    assert len(names) == len(set(names))
    assert expected <= set(names)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (
            "test://static-text",
            {
                "mimeType": "text/plain",
                "text": "This is the content of the static text resource.",
            },
        ),
        (
            "test://static-binary",
            {"mimeType": "image/png", "blob": b64encode(RED_PIXEL).decode()},
        ),
        (
            "test://template/%7B%C3%A9%7D/data",
            {
                "mimeType": "application/json",
                "text": '{"id":"{é}","templateTest":true,"data":"Data for ID: {é}"}',
            },
        ),
        (
            "doc://readme.txt",
            {"mimeType": "text/plain", "text": "A document of the conformance project.\n"},
        ),
    ],
)
def test_client_reads_a_resource(
    server: RunningServer, mode: str, uri: str, expected: dict[str, str]
) -> None:
    result = ask(server, mode, lambda client: client.read_resource(uri))

    assert sent(result, "contents") == [{"uri": uri, **expected}]


def test_client_gets_a_prompt(server: RunningServer, mode: str) -> None:
    result = ask(
        server,
        mode,
        lambda client: client.get_prompt("test_prompt_with_arguments", {"arg1": "é", "arg2": "2"}),
    )

    text = "Prompt with arguments: arg1='é', arg2='2'"
    assert sent(result, "description") == "One message that repeats its arguments."
    assert sent(result, "messages") == [{"role": "user", "content": {"type": "text", "text": text}}]


def test_client_gets_a_prompt_with_an_image(server: RunningServer, mode: str) -> None:
    result = ask(server, mode, lambda client: client.get_prompt("test_prompt_with_image"))

    image = {"type": "image", "mimeType": "image/png", "data": b64encode(RED_PIXEL).decode()}
    assert sent(result, "messages") == [
        {"role": "user", "content": image},
        {"role": "user", "content": {"type": "text", "text": "Please analyze the image above."}},
    ]


@pytest.mark.parametrize("uri", ["test://missing", "doc://missing", "doc://%2e%2e", "file:///etc"])
def test_client_is_told_which_resource_is_not_found(
    server: RunningServer, mode: str, uri: str
) -> None:
    error = error_of(server, mode, lambda client: client.read_resource(uri))

    assert error.code == (-32002 if mode == "legacy" else -32602)
    assert error.message == "Resource not found"
    assert error.data["uri"] == uri


def test_client_is_told_which_prompt_is_unknown(server: RunningServer, mode: str) -> None:
    error = error_of(server, mode, lambda client: client.get_prompt("missing"))

    assert (error.code, error.message) == (-32602, "Unknown prompt: missing")


def test_client_is_told_which_argument_is_missing(server: RunningServer, mode: str) -> None:
    error = error_of(
        server, mode, lambda client: client.get_prompt("test_prompt_with_arguments", {"arg1": "1"})
    )

    assert error.code == -32602
    assert "arg2: is required" in error.message


PROMPT = PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
TEMPLATE = ResourceTemplateReference(type="ref/resource", uri="test://template/{id}/data")


@pytest.mark.parametrize(
    ("reference", "argument", "given", "expected"),
    [
        (
            PROMPT,
            {"name": "arg1", "value": "PAR"},
            None,
            {"values": ["paris", "park", "party"], "total": 3, "hasMore": False},
        ),
        (
            PROMPT,
            {"name": "arg1", "value": "test"},
            None,
            {
                "values": [f"testValue{number}" for number in range(1, 101)],
                "total": 150,
                "hasMore": True,
            },
        ),
        (
            PROMPT,
            {"name": "arg2", "value": ""},
            {"arg1": "paris"},
            {"values": ["more of paris"], "total": 1, "hasMore": False},
        ),
        (
            TEMPLATE,
            {"name": "id", "value": "12"},
            None,
            {"values": ["12", "123", "1234"], "total": 3, "hasMore": False},
        ),
        (
            TEMPLATE,
            {"name": "id", "value": "no such"},
            None,
            {"values": [], "total": 0, "hasMore": False},
        ),
    ],
    ids=["values", "more than a hundred", "the argument before", "variable", "nothing"],
)
def test_client_completes_an_argument(
    server: RunningServer,
    mode: str,
    reference: PromptReference | ResourceTemplateReference,
    argument: dict[str, str],
    given: dict[str, str] | None,
    expected: dict[str, Any],
) -> None:
    result = ask(server, mode, lambda client: client.complete(reference, argument, given))

    assert sent(result, "completion") == expected


@pytest.mark.parametrize("reference", [PROMPT, TEMPLATE])
def test_client_that_lacks_a_scope_is_completed_nothing(
    server: RunningServer, mode: str, reference: PromptReference | ResourceTemplateReference
) -> None:
    argument = {"name": "arg1" if reference is PROMPT else "id", "value": ""}

    result = ask(server, mode, lambda client: client.complete(reference, argument), token="noscope")

    assert sent(result, "completion")["values"] == []


NEEDS_SCOPE: dict[str, Get] = {
    "resource": lambda client: client.read_resource("test://static-binary"),
    "template": lambda client: client.read_resource("test://template/1/data"),
    "prompt": lambda client: client.get_prompt("test_prompt_with_image"),
}


@pytest.mark.parametrize("kind", NEEDS_SCOPE)
def test_client_that_lacks_a_scope_is_told_which_at_http_level(
    server: RunningServer, mode: str, kind: str
) -> None:
    transport = CheckedTransport()
    with pytest.raises((MCPError, ExceptionGroup)):
        ask(server, mode, NEEDS_SCOPE[kind], token="noscope", transport=transport)

    ((status, challenge),) = transport.seen
    assert status == 403
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="fixture:use"' in challenge


def test_client_without_scopes_gets_what_needs_none(server: RunningServer, mode: str) -> None:
    async def both(client: Client) -> tuple[BaseModel, BaseModel]:
        return (
            await client.read_resource("test://static-text"),
            await client.get_prompt("test_simple_prompt"),
        )

    read, got = ask(server, mode, both, token="noscope")

    assert len(sent(read, "contents")) == len(sent(got, "messages")) == 1
