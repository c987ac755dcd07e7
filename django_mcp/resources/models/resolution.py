"""Resolution of a `ModelResourceDeclaration` into a `ModelResource`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Model

from django_mcp.primitives.caller_querysets import read_queryset_function
from django_mcp.primitives.resolution import Resolution
from django_mcp.resources.models.completers import instance_completers
from django_mcp.resources.models.declaration import ModelResourceDeclaration
from django_mcp.resources.models.entries import Entries
from django_mcp.resources.models.instances import Instances
from django_mcp.resources.models.lookups import Lookup, read_lookup
from django_mcp.resources.models.resource import ModelResource
from django_mcp.resources.output import JSON, ContentsOutput
from django_mcp.resources.resolution import cache_of, completers_of, paths_of, resource_fields
from django_mcp.resources.uri_templates import URIPattern
from django_mcp.schemas.annotations import unwrapped
from django_mcp.schemas.input.keyword_signature import keyword_signature
from django_mcp.schemas.models.fields import ModelPath, resolve_path
from django_mcp.schemas.models.output import ModelOutput

NOTHING = ModelPath(read_type=lambda: None, read=lambda instance: None)
"""Path of an entry's property that is not declared."""


def resolve(declaration: ModelResourceDeclaration) -> ModelResource:
    """Return the resource of a declaration. Raises `ValueError` with all problems."""
    model: Any = declaration.model
    if not (isinstance(model, type) and issubclass(model, Model)) or model._meta.abstract:
        raise ValueError(f"resource_for takes a model with a table, and not {model!r}")
    resolution = Resolution(declaration)
    shared = resolution.shared_fields() | resource_fields(resolution, declaration)
    queryset = resolution.attempt(read_queryset_function, declaration.queryset)
    output = resolution.attempt(_output, declaration, model)
    pattern: URIPattern | None = shared["pattern"]
    lookups = list(_lookups(resolution, pattern, model))
    paths = {
        name: resolution.attempt(read, declaration, model) for name, read in ENTRY_OPTIONS.items()
    }
    if resolution.problems or pattern is None or queryset is None or output is None:
        raise resolution.error()
    instances = Instances(model=model, queryset=queryset)
    signature = resolution.attempt(
        keyword_signature,
        {each.name: each.annotation for each in lookups},
        descriptions={each.name: each.description for each in lookups},
        requires_user=queryset.takes_user,
    )
    completers = completers_of(resolution, declaration, signature)
    cache = cache_of(resolution, declaration, signature, output)
    if declaration.listed:
        completers = instance_completers(instances, pattern.variables) | dict(completers)
    if resolution.problems or signature is None:
        raise resolution.error()
    joins = [each.join for each in lookups] + [each.join for each in paths.values() if each]
    entries = Entries(
        instances=instances,
        name=shared["name"],
        pattern=pattern,
        lookups=lookups,
        joins=tuple(dict.fromkeys(filter(None, joins))),
        **{name: path.read for name, path in paths.items() if path is not None},
    )
    return ModelResource(
        **shared | {"function": instances.get, "mime_type": declaration.mime_type or JSON},
        read_only=True,
        signature=signature,
        output=output,
        completers=completers,
        cache=cache,
        size=None,
        last_modified=None,
        entries=entries if declaration.listed else None,
    )


def _lookups(
    resolution: Resolution, pattern: URIPattern | None, model: type[Model]
) -> Iterator[Lookup]:
    if pattern is None:
        return
    if not pattern.variables:
        resolution.problems.append("the URI has no variable, such as {pk}, that finds an instance")
    for name in pattern.variables:
        if name in pattern.optional_variables or name in pattern.list_variables:
            resolution.problems.append(
                f"the variable {name!r} of the URI may be left out, or be a list: no look-up is"
            )
        elif (lookup := resolution.attempt(read_lookup, model, name)) is not None:
            yield lookup


def _output(declaration: ModelResourceDeclaration, model: type[Model]) -> ContentsOutput:
    fields = paths_of(declaration.fields)
    if not fields or not all(isinstance(each, str) for pair in fields.items() for each in pair):
        raise ValueError("fields are names of fields, at least one, or a mapping of names to them")
    shown = ModelOutput(model, fields, annotations={}, is_many=False, is_optional=False)
    return ContentsOutput(shown, mime_type=declaration.mime_type, is_data=True)


def _text_of(
    option: str, default: ModelPath, declaration: ModelResourceDeclaration, model: type[Model]
) -> ModelPath:
    """Return the path of a text of an entry: that of a field, or a function as if it were one."""
    given = getattr(declaration, option)
    if given is None:
        return default
    if callable(given):
        return replace(default, read=given)
    return _path(option, given, model)


def _last_modified(declaration: ModelResourceDeclaration, model: type[Model]) -> ModelPath:
    option = "entry_last_modified"
    given = declaration.entry_last_modified
    if given is None:
        return NOTHING
    path = _path(option, given, model)
    if unwrapped(path.read_type())[0] is not datetime:
        raise ValueError(f"{option} names {given!r}, which has no date and time")
    return path


def _path(option: str, given: Any, model: type[Model]) -> ModelPath:
    if not isinstance(given, str):
        raise ValueError(f"{option} is the name of a field, not {given!r}")
    path = resolve_path(model, given)
    if path.to_many is not None:
        raise ValueError(f"{option} names {given!r}, which may be many values")
    return path


ENTRY_OPTIONS: Mapping[str, Callable[[ModelResourceDeclaration, type[Model]], ModelPath]] = {
    "title": partial(_text_of, "entry_title", replace(NOTHING, read=str)),
    "description": partial(_text_of, "entry_description", NOTHING),
    "last_modified": _last_modified,
}
"""Readers of the options of entries, by the properties of an entry."""
