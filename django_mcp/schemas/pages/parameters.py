"""Parameters `limit` and `cursor` of functions with pages."""

from typing import Annotated, Any, NotRequired

from pydantic import Field

LIMIT, CURSOR = "limit", "cursor"


def page_parameters(page_size: int) -> dict[str, Any]:
    """Return `limit` and `cursor`, by name, as the fields of a TypedDict."""
    limit = Field(
        ge=1,
        le=page_size,
        description="How many rows to return at most.",
        json_schema_extra={"default": page_size},
    )
    cursor = Field(
        description="The `next` of the page before, for the same other arguments. Leave it out to "
        "start with the first page."
    )
    return {
        LIMIT: NotRequired[Annotated[int, limit]],
        CURSOR: NotRequired[Annotated[str | None, cursor]],
    }
