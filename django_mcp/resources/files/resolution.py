"""Resolution of a `StorageResourceDeclaration` into a `SourceResource`."""

from collections.abc import Iterator

from django_mcp.primitives.caller_functions import read_caller_function
from django_mcp.primitives.resolution import Resolution
from django_mcp.resources.files.declaration import StorageResourceDeclaration
from django_mcp.resources.files.files import Files
from django_mcp.resources.files.names import read_prefix
from django_mcp.resources.files.storages import read_storage
from django_mcp.resources.output import ContentsOutput
from django_mcp.resources.resolution import cache_of, completers_of, resource_fields
from django_mcp.resources.sources.resource import SourceResource
from django_mcp.resources.uri_templates import URIPattern
from django_mcp.schemas.input.keyword_signature import keyword_signature
from django_mcp.schemas.output.output import UndeclaredOutput


def resolve(declaration: StorageResourceDeclaration) -> SourceResource:
    """Return the resource of a declaration. Raises `ValueError` with all problems."""
    resolution = Resolution(declaration)
    shared = resolution.shared_fields() | resource_fields(resolution, declaration)
    may_read = resolution.attempt(
        read_caller_function,
        declaration.may_read,
        option="may_read",
        wanted="path, and user or principal or neither",
        returns="a bool",
        values=("path",),
        needs_caller=False,
    )
    storage = resolution.attempt(read_storage, declaration.storage)
    prefix = resolution.attempt(read_prefix, declaration.prefix)
    pattern: URIPattern | None = shared["pattern"]
    if pattern is not None:
        resolution.problems += _problems(pattern)
    if resolution.problems or may_read is None or storage is None or prefix is None:
        raise resolution.error()
    assert pattern is not None  # or it were a problem
    (variable,) = pattern.variables
    signature = keyword_signature(
        {variable: str},
        descriptions={variable: "The path of the file."},
        requires_user=may_read.takes_user,
    )
    completers = completers_of(resolution, declaration, signature)
    output = ContentsOutput(UndeclaredOutput(), mime_type=None, is_data=False)
    cache = cache_of(resolution, declaration, signature, output)
    if resolution.problems:
        raise resolution.error()
    files = Files(
        storage=storage, prefix=prefix, may_read=may_read, mime_type=declaration.mime_type
    )
    return SourceResource(
        **shared | {"function": files.read},
        read_only=True,
        signature=signature,
        output=output,
        cache=cache,
        completers=completers,
        size=None,
        last_modified=None,
    )


def _problems(pattern: URIPattern) -> Iterator[str]:
    if len(pattern.variables) != 1:
        yield "the URI must have one variable, as in receipt://{+path}"
    for name in pattern.variables:
        if name in pattern.optional_variables or name in pattern.list_variables:
            yield f"the variable {name!r} of the URI may be left out, or be a list: no path is"
