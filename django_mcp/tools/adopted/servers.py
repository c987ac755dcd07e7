"""Servers whose tools can be adopted, each kind with its own way to list and to call them."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from typing_extensions import override

from django_mcp.exceptions import ToolError
from django_mcp.tools.adopted.requests import Request, Subscriptions


class Server(ABC):
    """Server of one kind, which is called in this process. Its package is imported already."""

    class_path: ClassVar[tuple[str, str]]
    """Module and name of the class of its servers."""

    def __init__(self, server: Any) -> None:
        self._server = server

    @abstractmethod
    async def definitions(self) -> Sequence[Any]:
        """Return the definitions of its tools, as the SDK's `Tool`."""

    @abstractmethod
    async def call(self, name: str, arguments: dict[str, Any], request: Request) -> Any:
        """Call a tool, and return the result as the server has it.

        Raises `ToolError` for what the server tells its clients, and the exception of the function
        where it tells them nothing.
        """


class SDKServer(Server):
    """`MCPServer` of the MCP SDK."""

    class_path = ("mcp.server.mcpserver.server", "MCPServer")

    @override
    async def definitions(self) -> Sequence[Any]:
        """See `Server`."""
        tools: Sequence[Any] = await self._server.list_tools()
        return tools

    @override
    async def call(self, name: str, arguments: dict[str, Any], request: Request) -> Any:
        """See `Server`."""
        module: Any = sys.modules["mcp.server.mcpserver.context"]
        errors: Any = sys.modules["mcp.server.mcpserver.exceptions"]
        context = module.Context(
            request_context=request, mcp_server=self._server, subscriptions=Subscriptions()
        )
        try:
            return await self._server.call_tool(name, arguments, context)
        except errors.UnexpectedToolError as error:
            raise _innermost(error, errors.UnexpectedToolError)  # noqa: B904  (it is the cause)
        except errors.ToolError as error:
            raise _told(error) from error


class FastMCPServer(Server):
    """`FastMCP` of the package fastmcp."""

    class_path = ("fastmcp.server.server", "FastMCP")

    @override
    async def definitions(self) -> Sequence[Any]:
        """See `Server`: of a tool with several versions, the one that is called."""
        listed = await self._server.list_tools()
        names = [each.name for each in listed]
        found = [
            each if names.count(each.name) == 1 else await self._server.get_tool(each.name)
            for each in {each.name: each for each in listed}.values()
        ]
        return [each.to_mcp_tool(name=each.name) for each in found if each is not None]

    @override
    async def call(self, name: str, arguments: dict[str, Any], request: Request) -> Any:
        """See `Server`."""
        dependencies: Any = sys.modules["fastmcp.server.dependencies"]
        errors: Any = sys.modules["fastmcp.exceptions"]
        try:
            with dependencies.bind_request_context(request):
                return await self._server.call_tool(name, arguments)
        except (errors.NotFoundError, errors.DisabledError) as error:
            raise ToolError("The tool is not there any more.", outcome="not_found") from error
        except errors.AuthorizationError as error:
            raise ToolError(str(error), outcome="permission_denied") from error
        except errors.FastMCPError as error:
            # It puts the text of whatever a function raises behind these words.
            is_crash = str(error).startswith("Error calling tool ")
            if error.__cause__ is not None and is_crash:
                raise error.__cause__  # noqa: B904  (it is the cause)
            raise _told(error) from error


KINDS: Sequence[type[Server]] = (SDKServer, FastMCPServer)


def server_of(server: Any) -> Server:
    """Return the server behind an object. Raises `ValueError` for the author of the call."""
    for kind in KINDS:
        module, name = kind.class_path
        cls = getattr(sys.modules.get(module), name, None)
        if cls is not None and isinstance(server, cls):
            return kind(server)
    raise ValueError(
        "adopt() takes an mcp.server.mcpserver.MCPServer or a fastmcp.FastMCP, not a "
        f"{type(server).__qualname__}"
    )


def _innermost(error: BaseException, wrapper: Any) -> BaseException:
    """Return the exception of the function, below what the server has wrapped around it."""
    while isinstance(error, wrapper) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _told(error: Exception) -> ToolError:
    """Return the tool error of what a server tells its clients."""
    cause: Any = error.__cause__
    problems = getattr(cause, "errors", None)
    if problems is None or not callable(problems):
        return ToolError(str(error))
    # Arguments that pydantic refuses. Its own text repeats them.
    lines = [f"- {_place(each)}: {each['msg']}" for each in problems()]
    return ToolError(
        "The arguments are invalid.", hint="\n".join(lines), outcome="invalid_arguments"
    )


def _place(problem: Mapping[str, Any]) -> str:
    return ".".join(map(str, problem["loc"])) or "the arguments"
