"""Resolution of a `QueryToolDeclaration` into a `Tool`."""

from collections.abc import Mapping
from typing import Any, Literal

from django.db.models import Model

from django_mcp.primitives.caller_querysets import read_queryset_function
from django_mcp.primitives.resolution import Resolution
from django_mcp.schemas.input.keyword_signature import keyword_signature
from django_mcp.schemas.input.parameters import LEFT_OUT
from django_mcp.schemas.models.fields import resolve_path
from django_mcp.schemas.models.output import ModelOutput
from django_mcp.schemas.pages.output import PagedOutput
from django_mcp.tools.queries.aggregates import read_aggregates
from django_mcp.tools.queries.declaration import QueryToolDeclaration
from django_mcp.tools.queries.filters import ORDER_BY, Filter, read_filters
from django_mcp.tools.queries.ordering import read_orders
from django_mcp.tools.queries.output import QueryOutput
from django_mcp.tools.queries.query import Query
from django_mcp.tools.resolution import build_tool, paths_of
from django_mcp.tools.tool import Tool


def resolve(declaration: QueryToolDeclaration) -> Tool:
    """Return the tool of a declaration. Raises `ValueError` with all problems, for its author."""
    model: Any = declaration.model
    if not (isinstance(model, type) and issubclass(model, Model)) or model._meta.abstract:
        raise ValueError(f"query_tool takes a model with a table, and not {model!r}")
    resolution = Resolution(declaration)
    size: object = declaration.page_size
    if type(size) is not int or size < 1:
        resolution.problems.append(f"page_size must be a positive integer, not {size!r}")
    queryset = resolution.attempt(read_queryset_function, declaration.queryset)
    rows = resolution.attempt(_rows, declaration, model)
    filters = resolution.attempt(read_filters, model, declaration.filters)
    orders = resolution.attempt(read_orders, model, declaration.order_by)
    aggregates = resolution.attempt(read_aggregates, model, declaration.aggregates)
    if resolution.problems or queryset is None or rows is None or filters is None or orders is None:
        # What all tools share has problems of its own.
        return build_tool(resolution, declaration, signature=None, output=None, is_async=False)
    truncates = declaration.overflow == "truncate"
    asked = Query(
        model=model,
        queryset=queryset,
        filters=filters,
        default_order=next(iter(orders), None),
        joins=_joins(declaration, model),
    )
    return build_tool(
        resolution,
        declaration,
        signature=resolution.attempt(
            _signature,
            filters,
            orders,
            requires_user=queryset.takes_user,
            page_size=declaration.page_size,
        ),
        output=PagedOutput(rows, truncates=truncates)
        if aggregates is None
        else QueryOutput(rows, aggregates, truncates=truncates),
        page_size=declaration.page_size,
        function=asked.rows,
        is_async=False,
    )


def _rows(declaration: QueryToolDeclaration, model: type[Model]) -> ModelOutput:
    fields = paths_of(declaration)
    if not fields or not all(isinstance(each, str) for pair in fields.items() for each in pair):
        raise ValueError("fields are names of fields, at least one, or a mapping of names to them")
    # As of one instance, fields that the model does not have are refused.
    ModelOutput(model, fields, annotations={}, is_many=False, is_optional=False)
    return ModelOutput(model, fields, annotations={}, is_many=True, is_optional=False)


def _joins(declaration: QueryToolDeclaration, model: type[Model]) -> tuple[str, ...]:
    paths = [resolve_path(model, path) for path in paths_of(declaration).values()]
    return tuple(dict.fromkeys(path.join for path in paths if path.join))


def _signature(filters: Mapping[str, Filter], orders: tuple[str, ...], **options: Any) -> Any:
    annotations = {name: each.annotation for name, each in filters.items()}
    descriptions = {name: each.description for name, each in filters.items()}
    defaults: dict[str, Any] = dict.fromkeys(filters, LEFT_OUT)
    if orders:
        annotations[ORDER_BY] = Literal[orders]
        descriptions[ORDER_BY] = "The order of the rows, descending with a `-`."
        defaults[ORDER_BY] = orders[0]
    return keyword_signature(annotations, descriptions=descriptions, defaults=defaults, **options)
