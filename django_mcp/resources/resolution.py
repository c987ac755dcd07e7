"""Resolution of a `ResourceDeclaration` into a `Resource`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, get_args

from django_mcp.completions.completer import Completer, read_completers
from django_mcp.content import Role
from django_mcp.primitives.resolution import Resolution
from django_mcp.primitives.result_cache.policy import CachePolicy, read_cache_policy
from django_mcp.resources.declaration import ResourceDeclaration, ResourceOptions
from django_mcp.resources.output import read_contents_output
from django_mcp.resources.resource import Resource
from django_mcp.resources.uri_templates import URIPattern
from django_mcp.schemas.input.function_signature import read_signature
from django_mcp.schemas.input.signature import Signature
from django_mcp.schemas.output.output import Output

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")  # RFC 3986, section 3.1
MIME_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(\s*;.*)?", re.ASCII)  # RFC 6838, section 4.2


def resolve(declaration: ResourceDeclaration) -> Resource:
    """Return the resource of a declaration. Raises `ValueError` with all problems."""
    resolution = Resolution(declaration)
    problems = resolution.problems
    shared = resolution.shared_fields() | resource_fields(resolution, declaration)
    pattern: URIPattern | None = shared["pattern"]
    signature = resolution.attempt(
        read_signature,
        declaration.function,
        descriptions=resolution.documentation.parameters,
        schema_extra=None,
    )
    output = resolution.attempt(
        read_contents_output,
        declaration.function,
        fields=paths_of(declaration.fields),
        mime_type=declaration.mime_type,
    )
    if type(declaration.size) not in (int, type(None)) or (declaration.size or 0) < 0:
        problems.append(f"size must be a number of bytes, not {declaration.size!r}")
    last_modified: object = declaration.last_modified
    if not isinstance(last_modified, datetime | None):
        problems.append(f"last_modified must be a datetime, not {last_modified!r}")
    completers = completers_of(resolution, declaration, signature)
    cache = cache_of(resolution, declaration, signature, output)
    if pattern is not None and signature is not None:
        problems += _mismatches(pattern, signature)
    if pattern is not None and pattern.variables:
        problems += [
            f"{option} is for resources without variables in their URI"
            for option in ("size", "last_modified")
            if getattr(declaration, option) is not None
        ]
    if problems or signature is None or output is None:
        raise resolution.error()
    return Resource(
        **shared,
        read_only=True,
        signature=signature,
        output=output,
        completers=completers,
        cache=cache,
        size=declaration.size,
        last_modified=declaration.last_modified,
    )


def resource_fields(resolution: Resolution, declaration: ResourceOptions) -> dict[str, Any]:
    """Return the values of the fields of `Resource` that follow from its shared options.

    They are not to be used if there are problems, which the resolution collects.
    """
    resolution.problems += _problems(declaration)
    return {
        "uri": declaration.uri,
        "pattern": resolution.attempt(URIPattern.parse, declaration.uri),
        "mime_type": declaration.mime_type,
        "audience": tuple(declaration.audience),
        "priority": declaration.priority,
    }


def completers_of(
    resolution: Resolution, declaration: ResourceOptions, signature: Signature | None
) -> Mapping[str, Completer]:
    """Return the completers of the variables; their problems are collected."""
    if signature is None:
        return {}
    arguments = signature.input_schema["properties"]
    return resolution.attempt(read_completers, declaration.complete, arguments) or {}


def cache_of(
    resolution: Resolution,
    declaration: ResourceOptions,
    signature: Signature | None,
    output: Output | None,
) -> CachePolicy | None:
    """Return the policy by which contents are kept; its problems are collected."""
    if signature is None or output is None:
        return None
    return resolution.attempt(read_cache_policy, declaration, signature=signature, output=output)


def paths_of(fields: Iterable[str] | Mapping[str, str]) -> dict[str, str]:
    """Return the paths of fields by the names that they have in results."""
    return dict(fields) if isinstance(fields, Mapping) else {each: each for each in fields}


def _problems(declaration: ResourceOptions) -> Iterator[str]:
    if not SCHEME.fullmatch(declaration.uri):
        yield _scheme_problem(declaration.uri)
    if declaration.mime_type is not None and not MIME_TYPE.fullmatch(declaration.mime_type):
        yield f"mime_type {declaration.mime_type!r} is no media type, such as text/plain"
    priority = declaration.priority
    if priority is not None and not (type(priority) in (int, float) and 0 <= priority <= 1):
        yield f"priority must be a number from 0 to 1, not {priority!r}"
    if unknown := [each for each in declaration.audience if each not in get_args(Role)]:
        yield f"audience names {unknown[0]!r}, which is neither user nor assistant"


def _scheme_problem(uri: str) -> str:
    scheme, colon, rest = uri.partition(":")
    if not colon or "{" in scheme:
        return f"the URI {uri!r} has no scheme, as in order://{{order_id}}"
    if not SCHEME.fullmatch(f"{scheme}:x"):
        return (
            f"the scheme {scheme!r} of the URI {uri!r} is not of letters, digits, + - . alone, a "
            "letter first"
        )
    return f"the URI {uri!r} has white space" if rest else f"the URI {uri!r} ends with its scheme"


def _mismatches(pattern: URIPattern, signature: Signature) -> Iterator[str]:
    """Yield the differences between the variables of a template and the parameters."""
    parameters = signature.input_schema.get("properties", {})
    required = set(signature.input_schema.get("required", ()))
    for name in pattern.variables:
        if name not in parameters:
            yield f"the URI has the variable {name!r}, which is no parameter of the function"
    for name in parameters:
        if name not in pattern.variables:
            if name in required:
                yield f"the parameter {name!r} is no variable of the URI, and has no default"
            else:
                yield f"the parameter {name!r} is no variable of the URI"
        elif name in pattern.optional_variables and name in required:
            yield f"the URI may leave {name!r} out, so the parameter needs a default"
