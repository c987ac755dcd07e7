"""References of completion requests: the prompt or the resource that they name."""

from django_mcp.catalog import Lookup, look_up, look_up_first
from django_mcp.completions.primitive import CompletablePrimitive
from django_mcp.exceptions import ResourceNotFoundError, UnknownPromptError
from django_mcp.principals import Principal
from django_mcp.prompts.prompt import Prompt
from django_mcp.resources.resource import Resource
from django_mcp.resources.routing import declared_as


async def referenced_prompt(name: str, principal: Principal) -> CompletablePrimitive:
    """Return the prompt of a name. Raises `UnknownPromptError` for a missing or hidden one."""
    found = (await look_up(Prompt, name, principal)).found
    if found is None:
        raise UnknownPromptError(name)
    return found


async def referenced_resource(uri: str, principal: Principal) -> CompletablePrimitive:
    """Return the resource that was declared with a URI or template: the very text, no match of it.

    Raises `ResourceNotFoundError` for a missing or hidden one.
    """
    declared = declared_as(uri)
    lookup: Lookup[Resource] = await look_up_first((declared,) if declared else (), principal)
    if lookup.found is None:
        raise ResourceNotFoundError(uri)
    return lookup.found
