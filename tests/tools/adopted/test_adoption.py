"""Servers that are adopted: which tools, by what names, and under whose policy."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import current_thread
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection
from mcp_types import ToolAnnotations

from django_mcp import Principal, adopt, tool
from django_mcp.exceptions import MissingScopeError, ToolRegistrationError
from django_mcp.models import CallRecord, ToolTask
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import Registry, build
from django_mcp.rate import Rate
from django_mcp.testing import MCPClient
from django_mcp.tools.tool import Tool
from tests.calls import serving_declared
from tests.tools.adopted.servers import KINDS, make_server, new_server
from tests.tools.single_tools import unlocated

NAMES = [
    "add",
    "answer_with_error",
    "crash",
    "documents",
    "halve",
    "media",
    "move",
    "nothing",
    "pass_on",
    "refuse",
    "words",
]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(kind: str) -> Any:
    return make_server(kind)


def adopted(server: Any, **options: Any) -> Registry:
    with collecting() as declared:
        adopt(server, **options)
    return build(declared)


def problems(*declare: Callable[[], Any]) -> list[str]:
    with collecting() as declared:
        for each in declare:
            each()
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)
    return [unlocated(each).removeprefix(f"{__name__}.") for each in caught.value.problems]


# Which tools.


def test_all_tools_are_adopted_with_the_options(server: Any) -> None:
    tools = adopted(server, group="demo", scopes=["demo:use"], rate="5/m", timeout=3).of(Tool)

    assert list(tools) == NAMES
    assert {each.group for each in tools.values()} == {"demo"}
    assert {each.scopes for each in tools.values()} == {frozenset(["demo:use"])}
    assert {(each.rates, each.timeout) for each in tools.values()} == {((Rate.parse("5/m"),), 3)}
    assert tools["add"].dotted_name == f"{__name__}.add"
    assert "test_adoption.py:" in tools["add"].located_name


def test_named_tools_alone_are_adopted(server: Any) -> None:
    assert list(adopted(server, names=["words", "add"]).of(Tool)) == ["add", "words"]


@pytest.mark.django_db
def test_tools_have_other_names_where_a_mapping_says_so(server: Any) -> None:
    with collecting() as declared:
        adopt(server, names={"add": "sum", "words": "list_words"})
        adopt(server, prefix="demo_", names=["add"])
    with serving_declared(declared) as registry:
        assert list(registry.of(Tool)) == ["demo_add", "list_words", "sum"]
        assert MCPClient().call("sum", a=1).data == MCPClient().call("demo_add", a=1).data == 2


def add() -> None:
    """Add."""


def test_tools_must_not_share_a_name(server: Any) -> None:
    assert problems(lambda: tool(add), lambda: adopt(server, names=["add"])) == [
        f"add: {__name__}.add has the name 'add' already"
    ]


def test_names_that_the_server_does_not_list_are_told(server: Any) -> None:
    assert problems(lambda: adopt(server, names=["add", "subtract"])) == [
        f"adopt: names has 'subtract', and the server lists {', '.join(NAMES)}"
    ]


def test_server_without_tools_is_told(kind: str) -> None:
    assert problems(lambda: adopt(new_server(kind))) == ["adopt: the server lists no tools"]


def test_what_is_no_server_is_told() -> None:
    assert problems(lambda: adopt(object())) == [
        "adopt: adopt() takes an mcp.server.mcpserver.MCPServer or a fastmcp.FastMCP, not a object"
    ]


def test_name_that_this_package_does_not_serve_wants_another(kind: str) -> None:
    server = new_server(kind)
    server.tool(name="crm.find", description="Find.")(lambda: "found")

    assert problems(lambda: adopt(server)) == [
        "crm.find: the name 'crm.find' is not 1 to 64 of the characters A-Z a-z 0-9 _ -"
    ]
    assert list(adopted(server, names={"crm.find": "crm_find"}).of(Tool)) == ["crm_find"]


def test_tool_without_a_description_is_described_by_its_name(kind: str) -> None:
    server = new_server(kind)
    server.tool(name="find", title="Find")(lambda: "found")

    assert adopted(server).of(Tool)["find"].description == "Find"


@pytest.mark.parametrize("option", ["name", "description", "invalidate_on", "idempotency_key"])
def test_options_of_one_tool_are_none_of_a_server(option: str) -> None:
    options: dict[str, Any] = {option: "x"}

    with pytest.raises(TypeError, match=f"adopt has no option '{option}'"):
        adopt(object(), **options)


# Annotations.


def test_policy_goes_by_the_annotations_of_the_server(server: Any) -> None:
    tools = adopted(server).of(Tool)

    assert (tools["add"].read_only, tools["add"].idempotent, tools["add"].open_world) == (
        True,
        True,
        False,
    )
    assert (tools["move"].read_only, tools["move"].destructive) == (False, True)
    assert tools["words"].read_only is False


@pytest.mark.django_db
def test_options_come_before_the_annotations(server: Any) -> None:
    with collecting() as declared:
        adopt(server, names=["add", "words"], read_only=True, open_world=True)
    with serving_declared(declared) as registry:
        listed = {each.name: each.annotations for each in MCPClient().list_tools()}

    assert registry.of(Tool)["words"].read_only is True
    assert listed == {
        "add": ToolAnnotations(
            title="Adding", read_only_hint=True, idempotent_hint=True, open_world_hint=True
        ),
        "words": ToolAnnotations(read_only_hint=True, open_world_hint=True),
    }


# Calls.


@pytest.mark.django_db
def test_call_is_under_the_policy_and_on_record(server: Any) -> None:
    cache.clear()  # of the rates of others
    ada = User.objects.create_user("ada")

    def is_ada(principal: Principal) -> bool:
        return principal.user == ada

    with collecting() as declared:
        adopt(server, scopes=["demo:use"], requires=is_ada, rate="2/h", names=["add"])
    with serving_declared(declared):
        stranger = MCPClient(User.objects.create_user("bob"))
        with pytest.raises(MissingScopeError):
            MCPClient(ada, scopes=[]).call("add", a=1)  # counts as well
        first, second = MCPClient(ada).call("add", a=1), MCPClient(ada).call("add", a=1)

        assert stranger.list_tools() == []
    assert (first.data, second.error["kind"]) == (2, "rate_limited")
    assert list(CallRecord.objects.order_by("pk").values_list("name", "outcome")) == [
        ("add", "missing_scope"),
        ("add", "ok"),
        ("add", "rate_limited"),
    ]


@pytest.mark.django_db
def test_call_that_takes_too_long_is_given_up(kind: str) -> None:
    server = new_server(kind)

    @server.tool(description="Wait.")  # type: ignore[untyped-decorator]
    async def wait() -> str:
        await asyncio.Event().wait()
        return "done"

    with collecting() as declared:
        adopt(server, timeout=0.2)
    with serving_declared(declared):
        assert MCPClient().call("wait").error["kind"] == "timed_out"


@pytest.mark.django_db
def test_tool_runs_in_the_background_where_it_is_told_to(server: Any) -> None:
    with collecting() as declared:
        adopt(server, names=["add"], background=True)
    with serving_declared(declared):
        result = MCPClient().call("add", a=1, b=4)

    assert result.data == 5
    assert ToolTask.objects.get().status == "completed"


@pytest.mark.django_db
def test_exceptions_of_the_project_are_known(kind: str) -> None:
    server = new_server(kind)

    @server.tool(description="Get a group.")  # type: ignore[untyped-decorator]
    async def get_group(name: str) -> str:
        raise Group.DoesNotExist(name)

    with collecting() as declared:
        adopt(server)
    with serving_declared(declared):
        result = MCPClient().call("get_group", name="x")

    assert (result.error["kind"], result.text) == ("not_found", "There is no such group.")


@pytest.mark.django_db(transaction=True)
def test_connections_of_sync_functions_are_closed_after_the_call(kind: str) -> None:
    server, used = new_server(kind), []

    @server.tool(description="Count.")  # type: ignore[untyped-decorator]
    def count() -> int:
        groups = Group.objects.count()
        used.append((current_thread(), connection.connection))
        return groups

    with collecting() as declared:
        adopt(server, read_only=True)
    with serving_declared(declared):
        results = [MCPClient().call("count").data for _ in range(2)]

    assert results == [0, 0]
    assert all(thread is not current_thread() for thread, _ in used)
    if connection.vendor == "postgresql":
        assert all(opened.closed for _, opened in used)


# The server.


def test_server_is_not_started_and_serves_as_before(kind: str) -> None:
    started = []

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
        started.append(True)
        yield {}

    server = new_server(kind, lifespan=lifespan)
    server.tool(name="find", description="Find.")(lambda: "found")

    async def build_within_a_loop() -> list[str]:
        return list(adopted(server).of(Tool))

    assert asyncio.run(build_within_a_loop()) == ["find"]
    assert started == []
    server.tool(name="late", description="Late.")(lambda: "late")
    assert list(adopted(server).of(Tool)) == ["find", "late"]


def test_tools_with_checks_of_fastmcp_are_left_out() -> None:
    from fastmcp.server.auth import require_scopes

    server = new_server("fastmcp")
    server.tool(name="open", description="Open.")(lambda: "open")
    server.tool(name="held", description="Held.", auth=require_scopes("x"))(lambda: "held")

    assert list(adopted(server).of(Tool)) == ["open"]


@pytest.mark.django_db
def test_highest_version_of_a_tool_is_adopted_and_called() -> None:
    server = new_server("fastmcp")
    server.tool(name="find", description="Second.", version="2.0")(lambda: "second")
    server.tool(name="find", description="First.", version="1.0")(lambda: "first")
    with collecting() as declared:
        adopt(server)
    with serving_declared(declared) as registry:
        assert registry.of(Tool)["find"].description == "Second."
        assert MCPClient().call("find").text == "second"


@pytest.mark.django_db
def test_crash_of_a_mounted_server_tells_clients_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "fastmcp")
    server = new_server("fastmcp")
    server.mount(make_server("fastmcp"), namespace="inner")
    with collecting() as declared:
        adopt(server, names=["inner_crash", "inner_refuse"])
    with serving_declared(declared):
        crashed = MCPClient().call("inner_crash")
        refused = MCPClient().call("inner_refuse", words="Not today.")

    assert (crashed.error["kind"], refused.error["kind"]) == ("failed", "tool_error")
    assert "password" not in crashed.text
    assert refused.text == "Not today."
