"""Arguments of a tool that calls a view: one flat object, divided over path, query and body."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django_mcp.contrib.drf.parameters.query_parameters import QueryParameter
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.json_schema import JSONSchema

UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")

ITEMS = "items"
"""Argument that holds the body where that is a list."""


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments by the part of the request that they belong to, with the schema of all.

    `path` has the name in the URL of each, `query` its parameter, `body` its field. `is_list` is
    true if the body is the list in `ITEMS`, `has_body` if there is any.
    """

    schema: JSONSchema
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, QueryParameter] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    is_list: bool = False
    has_body: bool = False

    @property
    def names(self) -> Sequence[str]:
        """Names of all arguments, as clients know them."""
        return tuple(self.schema["properties"])

    @property
    def renamed(self) -> Mapping[str, str]:
        """Names of arguments by the fields and parameters that are called something else."""
        queried = {each.name: name for name, each in self.query.items()}
        fields = {name: argument for argument, name in self.body.items()}
        return {n: argument for n, argument in (queried | fields).items() if n != argument}

    def of_path(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of the URL, by their names there."""
        return {kwarg: arguments[n] for n, kwarg in self.path.items() if n in arguments}

    def of_query(self, arguments: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return the texts of each parameter of the query."""
        given = {n: each for n, each in self.query.items() if arguments.get(n) is not None}
        return {each.name: each.encode(arguments[n]) for n, each in given.items()}

    def of_body(self, arguments: Mapping[str, Any]) -> Any:
        """Return the body, as JSON."""
        if self.is_list:
            return arguments.get(ITEMS, [])
        elsewhere = {*self.path, *self.query}
        names = [n for n in arguments if n in self.body or n not in elsewhere]
        return {self.body.get(name, name): arguments[name] for name in names}


def arguments_of(
    path: Mapping[str, JSONSchema],
    *,
    optional: frozenset[str],
    query: Sequence[QueryParameter],
    body: JSONSchema | None,
) -> Arguments:
    """Return the arguments of a request: those of its path, its query and its body.

    A parameter of the query or a field of the body with the name of an argument of the path is
    called `query_<name>` or `new_<name>`. Raises `DeclarationError` for names that occur twice
    all the same.
    """
    of_path = {_argument(name): name for name in path}
    properties = {argument: path[name] for argument, name in of_path.items()}
    required = [argument for argument, name in of_path.items() if name not in optional]
    of_query: dict[str, QueryParameter] = {}
    problems = []
    for each in query:
        name = _argument(each.name)
        name = f"query_{name}" if name in of_path else name
        if name in properties:
            problems.append(f"two parameters are called {each.name!r}")
        of_query[name] = each
        properties[name] = each.schema
        required += [name] if each.is_required else []
    of_body: dict[str, str] = {}
    schema: JSONSchema = {"type": "object", "properties": properties}
    takes_more = False
    is_list = body is not None and body.get("type") == "array"
    if body is not None and is_list:
        if ITEMS in properties:
            problems.append(f"a parameter is called {ITEMS!r}, as the list of the body is")
        properties[ITEMS] = {n: each for n, each in body.items() if n != "$defs"}
        required.append(ITEMS)
    elif body is not None:
        for name, each in body.get("properties", {}).items():
            argument = _argument(name)
            argument = f"new_{argument}" if argument in properties else argument
            if argument in properties:
                problems.append(f"two arguments are called {argument!r}")
            of_body[argument] = name
            properties[argument] = each
            required += [argument] if name in body.get("required", ()) else []
        takes_more = body.get("additionalProperties", False) is not False
    if problems:
        raise DeclarationError(problems)
    if required:
        schema["required"] = required
    schema["additionalProperties"] = takes_more
    if body is not None and "$defs" in body:
        schema["$defs"] = body["$defs"]
    return Arguments(
        schema=schema,
        path=of_path,
        query=of_query,
        body=of_body,
        is_list=is_list,
        has_body=body is not None,
    )


def _argument(name: str) -> str:
    """Return a name as hosts take it: of 64 letters, digits and some marks."""
    return UNSAFE.sub("_", name)[:64]
