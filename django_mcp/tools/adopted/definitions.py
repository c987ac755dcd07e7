"""Definitions of the tools of an adopted server, as declarations."""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django_mcp.content import Icon
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.tools.adopted.calls import AdoptedCall
from django_mcp.tools.adopted.declaration import (
    AdoptedToolDeclaration,
    ServerDeclaration,
    shared_options,
)
from django_mcp.tools.adopted.servers import Server, server_of

HINTS = {
    "read_only": "read_only_hint",
    "destructive": "destructive_hint",
    "idempotent": "idempotent_hint",
    "open_world": "open_world_hint",
}
"""Options of tools by the fields of the SDK's `ToolAnnotations`."""


def read_definitions(declaration: ServerDeclaration) -> list[AdoptedToolDeclaration]:
    """Return the declarations of the tools that a server lists and that are to be adopted.

    Raises `ValueError` for the author of the declaration.
    """
    server = server_of(declaration.server)
    # On a loop of its own: the registry may be built on a thread that runs one.
    with ThreadPoolExecutor(1) as thread:
        listed = thread.submit(asyncio.run, _listed(server)).result()
    definitions = {each.name: each for each in listed}
    if problems := list(_problems(declaration, definitions)):
        raise DeclarationError(problems)
    names = declaration.names
    wanted = definitions if names is None else names
    renamed: Mapping[str, str] = names if isinstance(names, Mapping) else {}
    return [
        _declaration(declaration, server, definitions[name], renamed.get(name)) for name in wanted
    ]


async def _listed(server: Server) -> Any:
    return await server.definitions()


def _problems(declaration: ServerDeclaration, definitions: Mapping[str, Any]) -> Iterator[str]:
    prefix: object = declaration.prefix
    if not isinstance(prefix, str):
        yield "prefix must be a text"
    if not definitions:
        yield "the server lists no tools"
    elif unknown := [each for each in declaration.names or () if each not in definitions]:
        yield (
            f"names has {', '.join(map(repr, unknown))}, and the server lists "
            f"{', '.join(sorted(definitions))}"
        )


def _declaration(
    declaration: ServerDeclaration, server: Server, definition: Any, name: str | None
) -> AdoptedToolDeclaration:
    options = shared_options(declaration)
    for option, hint in HINTS.items():
        if options[option] is None:
            options[option] = getattr(definition.annotations, hint, None)
    options["read_only"] = bool(options["read_only"])
    if options["read_only"]:
        options["destructive"] = None  # a hint that counts for tools that write
    title = definition.title
    return AdoptedToolDeclaration(
        **options,
        name=f"{declaration.prefix}{definition.name}" if name is None else name,
        title=title,
        # It is what an agent goes by. Servers do without one.
        description=definition.description or title or definition.name,
        icons=[
            Icon(
                src=each.src,
                mime_type=each.mime_type,
                sizes=tuple(each.sizes or ()),
                theme=each.theme,
            )
            for each in definition.icons or ()
        ],
        definition=definition,
        adopted=declaration,
        run=AdoptedCall(server=server, name=definition.name).run,
    )
