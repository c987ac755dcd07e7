"""Output of queries: pages of rows, with the aggregates of all rows that match."""

from typing import Any

from django.db.models import QuerySet
from typing_extensions import override

from django_mcp.schemas.models.output import ModelOutput
from django_mcp.schemas.pages.output import PagedOutput
from django_mcp.tools.queries.aggregates import Aggregates

AGGREGATES = "aggregates"
"""Property of the aggregates in a result."""


class QueryOutput(PagedOutput):
    """Output of pages with aggregates: `{"result": [...], "next": "...", "aggregates": {...}}`."""

    def __init__(self, rows: ModelOutput, aggregates: Aggregates, *, truncates: bool) -> None:
        super().__init__(rows, truncates=truncates)
        self._aggregates = aggregates
        described = {"description": "Of all rows that match, on whatever page they are."}
        self.schema = {
            **self.schema,
            "properties": {
                **self.schema["properties"],
                AGGREGATES: {**aggregates.schema, **described},
            },
            "required": [*self.schema["required"], AGGREGATES],
        }

    @override
    def _beside(self, rows: QuerySet[Any]) -> dict[str, Any]:
        return {AGGREGATES: self._aggregates.of(rows)}
