"""Resolution of a `ToolDeclaration` into a `Tool`."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any, get_args

from django.db import DEFAULT_DB_ALIAS, connections

from django_mcp.primitives.resolution import Resolution
from django_mcp.primitives.result_cache.policy import read_cache_policy
from django_mcp.schemas.input.function_signature import read_signature
from django_mcp.schemas.input.signature import Signature
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.output.output import Output
from django_mcp.schemas.pages.output import PagedOutput, paged
from django_mcp.schemas.return_annotation import read_output
from django_mcp.schemas.stored_output import stored
from django_mcp.schemas.truncation import truncated
from django_mcp.tools.background import Background, BackgroundOptions
from django_mcp.tools.declaration import Overflow, ToolDeclaration, ToolOptions
from django_mcp.tools.existing_tasks.conversion import without_task
from django_mcp.tools.preparation import Preparation, read_preparation
from django_mcp.tools.serializer_option import Serialized, read_serialized
from django_mcp.tools.tool import Tool


def resolve(declaration: ToolDeclaration) -> Tool:
    """Return the tool of a declaration. Raises `ValueError` with all problems, for its author."""
    declaration = without_task(declaration)
    resolution = Resolution(declaration)
    resolution.problems += _problems(declaration)
    parameters = resolution.documentation.parameters
    prepare, page_size = declaration.prepare, _page_size(declaration)
    serialized = None
    if declaration.serializer is not None:
        serialized = resolution.attempt(read_serialized, declaration)
        if serialized is None:
            raise resolution.error()  # the rest would follow from that
    preparation = None
    takes_serializer = serialized is not None and serialized.parameter is not None
    if callable(prepare) and not takes_serializer:
        preparation = resolution.attempt(
            read_preparation,
            prepare,
            tool=declaration.function,
            descriptions=parameters,
            schema_extra=declaration.schema_extra,
            page_size=page_size,
        )
    elif callable(prepare):
        resolution.problems.append("prepare is not for tools whose parameter is a serializer")
    signature: Signature | None = resolution.attempt(
        read_signature,
        declaration.function,
        descriptions=parameters,
        schema_extra=None if takes_serializer else declaration.schema_extra,
        hidden=_hidden(preparation, serialized),
        page_size=page_size,
    )
    own: dict[str, Any] = {}
    output = None
    if serialized is not None:
        output, own["function"] = serialized.output, serialized.function
        if signature is not None and takes_serializer:
            extra = declaration.schema_extra or {}
            signature = resolution.attempt(serialized.complete, signature, extra)
    if output is None:
        output = resolution.attempt(read_output, declaration.function, fields=paths_of(declaration))
    return build_tool(
        resolution,
        declaration,
        signature=signature,
        output=output,
        page_size=page_size,
        preparation=preparation,
        **own,
    )


def _hidden(preparation: Preparation | None, serialized: Serialized | None) -> Collection[str]:
    """Return the parameters that clients do not send by their own names."""
    filled = set() if preparation is None else set(preparation.fills)
    return filled if serialized is None or serialized.parameter is None else {serialized.parameter}


def build_tool(
    resolution: Resolution,
    declaration: ToolOptions,
    *,
    signature: Signature | None,
    output: Output | None,
    page_size: int | None = None,
    **own: Any,
) -> Tool:
    """Return the tool of a declaration with this signature, and the output of a call or of rows.

    `own` are fields of `Tool` in place of those that the shared options give, such as `function`.
    Without a signature or an output there are problems. Raises `ValueError` with all of them.
    """
    problems = resolution.problems
    shared = resolution.shared_fields()
    is_async = own.setdefault("is_async", resolution.is_async)
    problems += _option_problems(declaration, is_async=is_async)
    if signature is not None and declaration.idempotency_key is not None:
        problems += _key_problems(declaration, signature.input_schema)
    truncates = declaration.overflow == "truncate"
    if isinstance(output, PagedOutput):
        pass  # made for these options
    elif output is not None and page_size is not None:
        output = resolution.attempt(paged, output, truncates=truncates)
    elif output is not None and truncates:
        output = resolution.attempt(truncated, output)
    cache = None
    if signature is not None and output is not None:
        cache = resolution.attempt(
            read_cache_policy,
            declaration,
            signature=signature,
            output=output,
            read_only=declaration.read_only,
            is_background=declaration.background,
            page_size=page_size,
        )
    if output is not None and declaration.overflow == "link":
        output = resolution.attempt(stored, output)
    if problems or signature is None or output is None:
        raise resolution.error()
    if declaration.background:
        shared |= {"timeout": None, "retry": None}
    fields_of_tool: dict[str, Any] = {
        "read_only": declaration.read_only,
        "destructive": declaration.destructive,
        "idempotent": declaration.idempotent,
        "idempotency_key": declaration.idempotency_key,
        "open_world": declaration.open_world,
        "page_size": page_size,
        "overflow": declaration.overflow,
        "atomic": None if is_async else _database(declaration),
        "has_parameter_headers": '"x-mcp-header"' in json.dumps(signature.input_schema),
        "background": _background(declaration) if declaration.background else None,
        "signature": signature,
        "preparation": None,
        "output": output,
        "cache": cache,
    }
    return Tool(**shared | fields_of_tool | own)


def paths_of(declaration: Any) -> Mapping[str, str]:
    """Return the paths of the option `fields` by the names that they have in results."""
    named = declaration.fields
    return dict(named) if isinstance(named, Mapping) else {each: each for each in named}


def _problems(declaration: ToolDeclaration) -> Iterator[str]:
    prepare: object = declaration.prepare
    if declaration.page_size != _page_size(declaration):
        yield f"page_size must be a positive integer, not {declaration.page_size!r}"
    if prepare is None:
        return
    if not callable(prepare):
        yield "prepare must be a function"
    elif not declaration.background:
        yield "prepare is an option of tools with background=True"


def _option_problems(declaration: ToolOptions, *, is_async: bool) -> Iterator[str]:
    if declaration.read_only and declaration.destructive:
        yield "cannot be both read-only and destructive"
    atomic = declaration.atomic
    if is_async and atomic:
        yield "an async tool cannot be atomic: Django's transactions are sync"
    elif isinstance(atomic, str) and atomic not in connections.settings:
        yield f"atomic names the database {atomic!r}, which is not in DATABASES"
    if declaration.overflow not in get_args(Overflow):
        words = ", ".join(map(repr, get_args(Overflow)))
        yield f"overflow must be one of {words}, not {declaration.overflow!r}"
    if declaration.background:
        yield from _background(declaration).problems()
        return
    options = fields(BackgroundOptions)
    if any(getattr(declaration, each.name) != each.default for each in options):
        names = ", ".join(each.name for each in options)
        yield f"{names} are options of tools with background=True"


def _key_problems(declaration: ToolOptions, schema: JSONSchema) -> Iterator[str]:
    name = declaration.idempotency_key
    parameter = schema["properties"].get(name) if isinstance(name, str) else None
    if declaration.read_only:
        yield "idempotency_key is for tools that write: repeating a read does no harm"
    if parameter is None:
        yield f"idempotency_key names the parameter {name!r}, which clients cannot send"
    elif not _is_string(parameter):
        yield f"idempotency_key names the parameter {name!r}, which is not a string"


def _is_string(schema: JSONSchema) -> bool:
    """Return whether the schema takes strings, and nothing else but null."""
    types = [each.get("type") for each in schema.get("anyOf", [schema])]
    return "string" in types and all(each in ("string", "null") for each in types)


def _page_size(declaration: ToolDeclaration) -> int | None:
    size = declaration.page_size
    return size if type(size) is int and size > 0 else None


def _background(declaration: ToolOptions) -> Background:
    names = [each.name for each in fields(Background)]
    return Background(**{name: getattr(declaration, name) for name in names})


def _database(declaration: ToolOptions) -> str | None:
    atomic = not declaration.read_only if declaration.atomic is None else declaration.atomic
    return atomic if isinstance(atomic, str) else DEFAULT_DB_ALIAS if atomic else None
