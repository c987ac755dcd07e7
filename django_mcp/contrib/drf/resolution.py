"""Resolution of a `ViewDeclaration` into a `Tool`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.contrib.auth.middleware import AuthenticationMiddleware, RemoteUserMiddleware
from django.utils.module_loading import import_string
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from django_mcp.contrib.drf.calls.arguments import Arguments, arguments_of
from django_mcp.contrib.drf.calls.handler import ViewHandler
from django_mcp.contrib.drf.calls.view_calls import ViewCall, authenticator
from django_mcp.contrib.drf.declaration import ViewDeclaration
from django_mcp.contrib.drf.media_types import base_type, is_json
from django_mcp.contrib.drf.operations.annotations import Annotations, annotations_of
from django_mcp.contrib.drf.operations.bodies import body_of, response_of
from django_mcp.contrib.drf.operations.descriptions import description_of
from django_mcp.contrib.drf.operations.handler_code import names_in
from django_mcp.contrib.drf.operations.operation import Operation
from django_mcp.contrib.drf.operations.own_methods import own_method
from django_mcp.contrib.drf.operations.path_parameters import path_parameters
from django_mcp.contrib.drf.operations.selection import operation_of
from django_mcp.contrib.drf.parameters.pagination import page_schema
from django_mcp.contrib.drf.parameters.query_parameters import QueryParameter, query_parameters
from django_mcp.contrib.drf.schemas.serializers import input_schema, output_schema
from django_mcp.primitives.resolution import Resolution
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.json_schema import InputSchema, JSONSchema, json_form
from django_mcp.schemas.output.json_output import JSONOutput, OpenOutput
from django_mcp.schemas.output.output import Output
from django_mcp.tools.resolution import build_tool
from django_mcp.tools.sources.signature import source_signature
from django_mcp.tools.tool import Tool

AUTHENTICATING = (AuthenticationMiddleware, RemoteUserMiddleware)


def resolve(declaration: ViewDeclaration) -> Tool:
    """Return the tool of a declaration. Raises `ValueError` with all problems, for its author."""
    operation = operation_of(
        declaration.view,
        declaration.action,
        route=declaration.route,
        version=declaration.version,
    )
    view = operation.view()
    annotations = annotations_of(view, operation.method)
    declaration = declaration.as_called_by(
        operation.method, description=description_of(operation, view, annotations)
    )
    resolution = Resolution(declaration)
    callback = operation.callback(authenticator())
    is_async = iscoroutinefunction(callback)
    middleware = tuple(declaration.middleware)
    handler = resolution.attempt(_handler, middleware, is_async=is_async)
    arguments = resolution.attempt(_arguments, operation, view, declaration, annotations)
    output = resolution.attempt(_output, operation, view, declaration, annotations)
    renderer = resolution.attempt(_media_type, view.get_renderers(), "renders")
    parser: str | None = ""
    if arguments is not None and arguments.has_body:
        parser = resolution.attempt(_media_type, view.get_parsers(), "parses")
    signature = None
    if arguments is not None:
        signature = resolution.attempt(source_signature, arguments.schema, trims_text=True)
    call = None
    if arguments and handler and renderer is not None and parser is not None:
        call = ViewCall(
            operation=operation,
            arguments=arguments,
            middleware=middleware,
            renderer=renderer,
            parser=parser,
            callback=callback,
            handler=handler,
            paginates=paginates(operation),
        )
    return build_tool(
        resolution,
        declaration,
        signature=signature,
        output=output,
        is_async=is_async,
        function=None if call is None else call.acall if is_async else call.call,
    )


def _handler(paths: Sequence[str], *, is_async: bool) -> ViewHandler:
    problems = []
    for path in paths:
        try:
            middleware = import_string(path)
        except ImportError as error:
            problems.append(f"the middleware {path!r} cannot be imported: {error}")
            continue
        if isinstance(middleware, type) and issubclass(middleware, AUTHENTICATING):
            problems.append(
                f"the middleware {path!r} finds the user by what browsers send, and no call does: "
                "leave it out, as request.user is the caller already"
            )
    if problems:
        raise DeclarationError(problems)
    return ViewHandler(paths, is_async=is_async)


def _arguments(
    operation: Operation,
    view: APIView,
    declaration: ViewDeclaration,
    annotations: Annotations | None,
) -> Arguments:
    path = path_parameters(operation, view)
    route = operation.route
    optional = frozenset() if route is None else path.keys() - route.required
    body = body_of(operation, view, declaration, annotations)
    schema = None
    if isinstance(body, BaseSerializer):
        schema = input_schema(body, partial=operation.method == "patch")
    elif body is not None:
        schema = body
    query = list(_query(operation, view, declaration, annotations))
    return arguments_of(path, optional=frozenset(optional), query=query, body=schema)


def _query(
    operation: Operation,
    view: APIView,
    declaration: ViewDeclaration,
    annotations: Annotations | None,
) -> Iterator[QueryParameter]:
    """Yield the parameters of the query: those that are declared come first, each once."""
    seen = set(operation.fixed_query)
    declared = [_declared(n, each) for n, each in (declaration.query or {}).items()]
    annotated = annotations.parameters if annotations else ()
    found = query_parameters(view, with_pages=paginates(operation)) if filters(operation) else ()
    for each in (*declared, *annotated, *found):
        if each.name not in seen:
            seen.add(each.name)
            yield each


def filters(operation: Operation) -> bool:
    """Return whether an operation filters rows by its query, as far as its code tells."""
    if not operation.is_read_only:
        return False
    names = names_in(operation.cls, operation.handler).all
    # To look an object up, views filter as well.
    is_filter = "filter_queryset" in names and not operation.is_detail
    return is_filter or paginates(operation)


def paginates(operation: Operation) -> bool:
    """Return whether an operation answers with pages of rows, as far as its code tells."""
    names = names_in(operation.cls, operation.handler).all
    return own_method(operation) == "list" or "paginate_queryset" in names


def _declared(name: str, given: Any) -> QueryParameter:
    """Return a parameter of the option `query`: a JSON Schema, or a Python type."""
    if isinstance(given, Mapping):
        schema: JSONSchema = dict(given)
    else:
        try:
            _, schema = json_form(given, mode="validation", generator=InputSchema)
        except ValueError as error:
            raise DeclarationError([f"query: {name!r} has no JSON form: {error}"]) from error
    return QueryParameter(name=name, schema=schema)


def _output(
    operation: Operation,
    view: APIView,
    declaration: ViewDeclaration,
    annotations: Annotations | None,
) -> Output:
    serializer: Any = response_of(operation, view, declaration, annotations)
    if serializer is None:
        return OpenOutput()
    schema: JSONSchema | None = serializer
    if isinstance(serializer, BaseSerializer):
        schema = output_schema(serializer)
    if own_method(operation) == "list" and schema and schema.get("type") == "array":
        schema = page_schema(view, schema)
    return OpenOutput() if schema is None else JSONOutput(schema)


def _media_type(each: Sequence[BaseRenderer | BaseParser], verb: str) -> str:
    """Return the media type of JSON that a view renders or parses."""
    types = [base_type(kind.media_type) for kind in each]
    media_type = next((found for found in types if is_json(found)), None)
    if media_type is None:
        listed = ", ".join(types) or "nothing"
        raise DeclarationError([f"the view {verb} no JSON, which is all that a call has: {listed}"])
    return media_type
