"""Resources that the official suite reads, by the URIs that it uses."""

from django_mcp import resource
from tests.conformance_project.declarations.media import RED_PIXEL
from tests.conformance_project.declarations.scopes import USE


@resource("test://static-text", group="fixtures")
def static_text() -> str:
    """A text."""
    return "This is the content of the static text resource."


@resource("test://static-binary", group="fixtures", scopes=USE, mime_type="image/png")
def static_binary() -> bytes:
    """A picture."""
    return RED_PIXEL


def known_ids() -> list[int]:
    """The values that complete `id`, which may have others, too."""
    return [12, 123, 1234, 200]


@resource("test://template/{id}/data", group="fixtures", scopes=USE, complete={"id": known_ids})
def template_data(id: str) -> dict[str, str | bool]:
    """Data about what its URI names.

    Args:
        id: Any text.
    """
    return {"id": id, "templateTest": True, "data": f"Data for ID: {id}"}


@resource("test://watched-resource", group="fixtures", scopes=USE)
def watched_resource() -> str:
    """A text that clients of the 2025 revisions ask to watch."""
    return "This is the content of the watched resource."
