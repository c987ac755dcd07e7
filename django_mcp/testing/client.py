"""MCP client for the tests of a project, without a server."""

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import Any, Self

from asgiref.sync import async_to_sync
from django.contrib.auth.base_user import AbstractBaseUser
from mcp_types import Prompt, Resource, ResourceTemplate, Tool

from django_mcp.calls.call import Call
from django_mcp.calls.log_messages import LogThrottle
from django_mcp.catalog import visible
from django_mcp.completions.completion import Completion
from django_mcp.dispatch import serve
from django_mcp.endpoints import get_endpoints
from django_mcp.exceptions import (
    CallError,
    ElicitationRequest,
    ResourceNotFoundError,
    UnknownPrimitiveError,
)
from django_mcp.invocation import Invocation
from django_mcp.kinds import Kind
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.registry import get_registry
from django_mcp.principals import Principal
from django_mcp.protocol.completions import complete, referenced_prompt, referenced_resource
from django_mcp.protocol.definitions import wire_tool
from django_mcp.protocol.handlers.prompts import list_prompts
from django_mcp.protocol.handlers.resources import list_resource_templates, list_resources
from django_mcp.protocol.rate_limits import with_limits
from django_mcp.protocol.results import prompt_result, read_result
from django_mcp.protocol.targets import Target
from django_mcp.resources.resource import NOT_FOUND_OUTCOMES
from django_mcp.schemas.output.output import Rendered
from django_mcp.testing.arguments import as_texts
from django_mcp.testing.denials import note_denials
from django_mcp.testing.inline import inline
from django_mcp.testing.lists import pages
from django_mcp.testing.notifications import ReceivedNotifications
from django_mcp.testing.results import PromptResult, ReadResult, ToolResult
from django_mcp.testing.tool_calls import ToolCaller
from django_mcp.tools import tool as tools


class MCPClient:
    """MCP client with the same policy, validation, guards and record as the endpoint.

    Everything runs in the test's own thread and database connection, background tools too, so
    functions see what a `TestCase` has made, and it is rolled back with the test. Dates, decimals
    and UUIDs are sent as the strings that a client would send, other arguments of prompts as JSON.

    Args:
        user: Who calls; None is an anonymous caller.
        scopes: What the token holds; default every scope of the tools, resources and prompts.
        client_id: The application that the user calls through.
        answer: What the user answers to a question of a tool: given its `message` and `form`, what
            is filled in, or None to decline. By default the client cannot be asked. Every round of
            questions that a tool has before it has a task is a call on record.
        endpoint: The name of the endpoint that is called.
    """

    def __init__(
        self,
        user: AbstractBaseUser | None = None,
        *,
        scopes: Iterable[str] | None = None,
        client_id: str = "test-client",
        answer: Callable[[ElicitationRequest], Mapping[str, Any] | None] | None = None,
        endpoint: str = "default",
    ) -> None:
        held = get_registry().scopes if scopes is None and user is not None else scopes or ()
        called = get_endpoints().by_name(endpoint)
        if called is None:
            raise LookupError(f"There is no endpoint {endpoint!r}.")
        self.principal = Principal(
            endpoint=called,
            user=user,
            client_id="" if user is None else client_id,
            client_name="" if user is None else client_id,
            scopes=frozenset(held),
        )
        self._answer = answer
        self._idempotency_key: str | None = None

    def with_idempotency_key(self, key: str) -> Self:
        """Return the same client, which sends this idempotency key with each call of a tool."""
        client = copy(self)
        client._idempotency_key = key
        return client

    def list_tools(self) -> list[Tool]:
        """Return the tools that this caller sees, as MCP defines them."""
        forget_snapshot()
        shown = visible(tools.Tool, self.principal)
        return [with_limits(wire_tool(tool), tool) for tool in shown]

    def list_resources(self) -> list[Resource]:
        """Return the resources with a URI of their own that this caller sees, of every page."""
        forget_snapshot()
        results = async_to_sync(pages)("resources/list", list_resources, self.principal)
        return [each for result in results for each in result.resources]

    def list_resource_templates(self) -> list[ResourceTemplate]:
        """Return the templates of resources that this caller sees."""
        forget_snapshot()
        results = async_to_sync(pages)(
            "resources/templates/list", list_resource_templates, self.principal
        )
        return [each for result in results for each in result.resource_templates]

    def list_prompts(self) -> list[Prompt]:
        """Return the prompts that this caller sees, those of operators among them."""
        forget_snapshot()
        results = async_to_sync(pages)("prompts/list", list_prompts, self.principal)
        return [each for result in results for each in result.prompts]

    def call(self, name: str, /, **arguments: Any) -> ToolResult:
        """Call a tool.

        Raises `UnknownToolError` for a tool that this caller does not see and `MissingScopeError`
        for one that its scopes do not cover; every other failure is in the result.
        """
        return async_to_sync(self.acall)(name, **arguments)

    async def acall(self, name: str, /, **arguments: Any) -> ToolResult:
        """As `call`, for async tests."""
        forget_snapshot()
        caller = ToolCaller(
            principal=self.principal, answer=self._answer, idempotency_key=self._idempotency_key
        )
        return await caller.call(name, arguments)

    def read(self, uri: str, /) -> ReadResult:
        """Read a resource.

        Raises `ResourceNotFoundError` for a URI that names nothing which this caller may read, also
        where the function says so; `MissingScopeError` for one that its scopes do not cover; and
        every other failure as the `CallError` that it is, such as `InvalidArgumentsError`.
        """
        return async_to_sync(self.aread)(uri)

    async def aread(self, uri: str, /) -> ReadResult:
        """As `read`, for async tests."""
        target = Target(kind=Kind.RESOURCE, name=uri, arguments={}, uri=uri)
        try:
            call, rendered, received = await self._served(target)
        except ResourceNotFoundError:
            raise
        except CallError as error:
            if error.outcome in NOT_FOUND_OUTCOMES:
                raise ResourceNotFoundError(uri) from error
            raise
        return ReadResult(
            call_id=call.id,
            contents=tuple(read_result(rendered, call.id).contents),
            progress=tuple(received.reports),
            logs=tuple(received.messages),
        )

    def prompt(self, name: str, /, **arguments: Any) -> PromptResult:
        """Get the messages of a prompt.

        Raises `UnknownPromptError` for a prompt that this caller does not see, `MissingScopeError`
        for one that its scopes do not cover, and every other failure as the `CallError` that it is.
        """
        return async_to_sync(self.aprompt)(name, **arguments)

    async def aprompt(self, name: str, /, **arguments: Any) -> PromptResult:
        """As `prompt`, for async tests."""
        target = Target(kind=Kind.PROMPT, name=name, arguments=as_texts(arguments))
        call, rendered, received = await self._served(target)
        wire = prompt_result(rendered, call.id, call.primitive)
        return PromptResult(
            call_id=call.id,
            description=wire.description,
            messages=tuple(wire.messages),
            progress=tuple(received.reports),
            logs=tuple(received.messages),
        )

    def complete(
        self, target: str, argument: str, value: str = "", /, **arguments: Any
    ) -> Completion:
        """Complete an argument of a prompt, or a variable of a template.

        `target` is the name of the prompt, or the template as it was declared; `value` is typed so
        far, and `arguments` are the others. Raises `UnknownPromptError`, `ResourceNotFoundError`,
        and `InvalidArgumentsError` for an argument that does not exist.
        """
        return async_to_sync(self.acomplete)(target, argument, value, **arguments)

    async def acomplete(
        self, target: str, argument: str, value: str = "", /, **arguments: Any
    ) -> Completion:
        """As `complete`, for async tests."""
        forget_snapshot()
        is_template = ":" in target  # in no name of a prompt
        find = referenced_resource if is_template else referenced_prompt
        with inline():
            primitive = await find(target, self.principal)
            invocation = self._invocation(
                Target(
                    kind=primitive.kind,
                    name=primitive.name,
                    arguments=as_texts(arguments),
                    uri=target if is_template else "",
                )
            )
            call = Call(invocation=invocation, target=primitive)
            return await complete(call, primitive, argument=argument, value=value)

    async def _served(self, target: Target) -> tuple[Call, Rendered, ReceivedNotifications]:
        """Look a target up, and serve a call of it."""
        forget_snapshot()
        received = ReceivedNotifications()
        with inline():
            target, lookup = await target.look_up(self.principal)
            call = Call(
                invocation=self._invocation(target),
                target=lookup.found,
                progress=received,
                logs=LogThrottle(received, level="debug"),
            )
            try:
                return call, await serve(call), received
            except UnknownPrimitiveError as error:
                await note_denials(error, target, self.principal)
                raise

    def _invocation(self, target: Target) -> Invocation:
        return Invocation(
            kind=target.kind,
            name=target.name,
            arguments=target.arguments,
            uri=target.uri,
            principal=self.principal,
        )
