"""Functions of adopted servers that take a `Context`: what they may do with it, and what not."""

from typing import Any

import pytest
from mcp_types import InputRequiredResult
from pydantic import BaseModel

from django_mcp import adopt
from django_mcp.calls.progress import ProgressReport
from django_mcp.primitives.declaration import collecting
from django_mcp.testing import MCPClient, ToolResult
from tests.calls import serving_declared
from tests.tools.adopted.servers import KINDS, context_class, new_server

pytestmark = pytest.mark.django_db


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def called(kind: str, function: Any, *, returns: Any = str) -> ToolResult:
    """The result of the function `act(context)`, as a tool of a server that was adopted."""
    server = new_server(kind)
    function.__annotations__ = {"context": context_class(kind), "return": returns}
    server.tool(name="act", description="Act.")(function)
    with collecting() as declared:
        adopt(server)
    with serving_declared(declared):
        return MCPClient().call("act")


@pytest.mark.filterwarnings("ignore:The logging capability is deprecated")
def test_progress_and_messages_reach_the_client_of_the_call(kind: str) -> None:
    async def act(context: Any) -> str:
        await context.report_progress(1, 2, "half")
        await context.info("hello")
        return str(context.request_id)

    result = called(kind, act)

    assert result.progress == (ProgressReport(done=1, total=2, message="half"),)
    assert [(each.level, each.text) for each in result.logs] == [("info", "hello")]
    assert result.data == str(result.call_id)


def test_resources_of_the_server_are_read(kind: str) -> None:
    server = new_server(kind)

    def note() -> str:
        return "Buy milk"

    server.resource("notes://1")(note)

    async def act(context: Any) -> str:
        read = await context.read_resource("notes://1")
        (first,) = getattr(read, "contents", read)
        return str(first.content)

    act.__annotations__ = {"context": context_class(kind), "return": str}
    server.tool(description="Act.")(act)
    with collecting() as declared:
        adopt(server)
    with serving_declared(declared):
        assert MCPClient().call("act").data == "Buy milk"


class Consent(BaseModel):
    agree: bool


async def ask(context: Any) -> str:
    await context.session.elicit_form("Sure?", {}, None)
    return ""


async def elicit(context: Any) -> str:
    return str(await context.elicit("Sure?", Consent))


async def sample(context: Any) -> str:
    await context.session.create_message(messages=[], max_tokens=1)
    return ""


async def notify(context: Any) -> str:
    await context.session.send_tool_list_changed()
    return ""


async def look_up(context: Any) -> str:
    found = context.request_context.lifespan_context["pool"]
    return str(found)


@pytest.mark.parametrize(
    ("act", "feature"),
    [
        (elicit, "an answer of its user"),
        (ask, "an answer of its user"),
        (sample, "a language model of the client"),
        (notify, "to notify the client"),
        (look_up, "what its server prepares when it starts"),
    ],
)
def test_what_needs_a_session_is_refused_in_words(kind: str, act: Any, feature: str) -> None:
    result = called(kind, act)

    assert result.is_error
    assert result.error["kind"] == "tool_error"
    assert result.text.startswith(
        f"This tool needs {feature}, which it does not have on this server."
    )


def test_question_that_a_function_returns_is_refused_in_words(kind: str) -> None:
    async def act(context: Any) -> Any:
        return InputRequiredResult(request_state="asked")

    result = called(kind, act, returns=InputRequiredResult)

    assert (result.error["kind"], result.text.partition(",")[0]) == (
        "tool_error",
        "This tool needs an answer of its user",
    )
