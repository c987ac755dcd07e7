"""Resources that a result links to or embeds by their URI, read under the rights of its caller."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from django_mcp.calls.call import Call
from django_mcp.calls.steps import Place, Step, Steps
from django_mcp.content import Content, EmbeddedResource, PromptMessage, ResourceLink
from django_mcp.exceptions import InvalidArgumentsError, InvalidResultError, ToolError
from django_mcp.kinds import Kind
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.policy.visibility import Visibility
from django_mcp.primitives.known_exceptions import tool_error_of
from django_mcp.resources.resource import NOT_FOUND_OUTCOMES, Resource
from django_mcp.resources.routes import Match, matches
from django_mcp.schemas.output.output import Rendered
from django_mcp.schemas.result_limits import check_bytes


def with_resources(call: Call, result: Rendered) -> Steps[Rendered]:
    """Complete links that have no name, and read what is embedded without contents.

    Raises `ToolError` for an embedded resource that the caller cannot read, `ResultTooLargeError`
    when the whole is larger than a result may be, and what the resource raises.
    """
    if not any(_is_open(each) for each in result.content):
        return result
    content: list[Content] = []
    size, rows = 0, result.rows
    for each in result.content:
        completed = yield from _completed(call, each)
        # Here, so that no more is read than the result may hold.
        size += completed.byte_size
        check_bytes(size)
        content += completed.content
        rows += completed.rows
    return replace(result, content=tuple(content), rows=rows)


def _is_open(block: Content) -> bool:
    if isinstance(block, PromptMessage):
        block = block.block
    is_link = isinstance(block, ResourceLink) and not block.name
    return is_link or (isinstance(block, EmbeddedResource) and not block.has_contents)


def _completed(call: Call, block: Content) -> Steps[Rendered]:
    """Return what stands for a block; its `rows` are those that it adds to the result."""
    if not _is_open(block):
        return Rendered(content=(block,), rows=0)
    if isinstance(block, PromptMessage):
        inner = yield from _completed(call, block.block)
        messages = tuple(replace(block, content=each) for each in inner.content)
        return replace(inner, content=messages)
    if isinstance(block, ResourceLink):
        found = yield Step(partial(_find, call, block.uri), Place.TOOL)
        named = _named(block, None if found is None else found.resource)
        return Rendered(content=(named,), rows=0)
    assert isinstance(block, EmbeddedResource)
    return (yield from _read(call, block.uri))


def _find(call: Call, uri: str) -> Match | None:
    visibility = Visibility(call.principal, current_snapshot())
    return next((each for each in matches(uri) if visibility.sees(each.resource)), None)


def _named(link: ResourceLink, resource: Resource | None) -> ResourceLink:
    """Give a link what the resource says of itself; to whoever cannot see it, the URI alone."""
    if resource is None:
        return replace(link, name=link.uri)
    return replace(
        link,
        name=resource.name,
        title=link.title or resource.title,
        description=link.description or resource.description,
        mime_type=link.mime_type or resource.mime_type,
    )


def _read(call: Call, uri: str) -> Steps[Rendered]:
    found = yield Step(partial(_find, call, uri), Place.TOOL)
    if found is None:
        raise _not_found(uri)
    resource: Resource = found.resource
    if missing := resource.scopes - call.principal.scopes:
        raise ToolError(
            f"The resource {uri} needs the scopes: {' '.join(sorted(missing))}",
            hint="Ask for a token that holds them.",
            outcome="permission_denied",
        )
    invocation = replace(
        call.invocation,
        kind=Kind.RESOURCE,
        name=resource.name,
        arguments=found.variables,
        uri=uri,
    )
    bind = Step(partial(resource.bind, invocation, call.context), Place.TOOL)
    try:
        arguments: Mapping[str, Any] = yield bind
    except InvalidArgumentsError as error:
        raise _not_found(uri, hint=error.hint) from error
    place = Place.FUNCTION if resource.is_async else Place.TOOL
    try:
        value = yield Step(partial(resource.function, **arguments), place)
        render = partial(resource.render, invocation, value, call.context)
        rendered: Rendered = yield Step(render, Place.TOOL)
    except Exception as error:
        known = tool_error_of(error, resource)
        if known is None:
            raise
        if known.outcome in NOT_FOUND_OUTCOMES:
            raise _not_found(uri) from error
        raise known from known.__cause__
    return replace(rendered, content=tuple(_contents(uri, rendered)))


def _contents(uri: str, rendered: Rendered) -> Iterator[Content]:
    for each in rendered.content:
        if _is_open(each):
            raise InvalidResultError(f"{uri} is embedded, and embeds another resource itself")
        yield each


def _not_found(uri: str, *, hint: Any = None) -> ToolError:
    return ToolError(f"Resource not found: {uri}", hint=hint, outcome="not_found")
