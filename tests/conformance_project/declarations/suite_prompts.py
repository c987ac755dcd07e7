"""Prompts that the official suite gets, by the names that it uses."""

from django_mcp import EmbeddedResource, Image, Text, prompt
from tests.conformance_project.declarations.media import RED_PIXEL
from tests.conformance_project.declarations.scopes import USE


@prompt(group="fixtures")
def test_simple_prompt() -> str:
    """One message, without arguments."""
    return "This is a simple prompt for testing."


def first_values() -> list[str]:
    """The values that complete `arg1`: more than one answer may have."""
    return ["paris", "park", "party", *(f"testValue{number}" for number in range(1, 151))]


def second_values(arguments: dict[str, object]) -> list[str]:
    """The values that complete `arg2`, which depend on `arg1`."""
    return [f"more of {arguments['arg1']}"] if "arg1" in arguments else []


@prompt(group="fixtures", scopes=USE, complete={"arg1": first_values, "arg2": second_values})
def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    """One message that repeats its arguments.

    Args:
        arg1: First test argument.
        arg2: Second test argument.
    """
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


@prompt(group="fixtures", scopes=USE)
def test_prompt_with_embedded_resource(
    resourceUri: str,  # noqa: N803  (the suite's spelling)
) -> list[EmbeddedResource | Text]:
    """A document, and what to do with it.

    Args:
        resourceUri: URI of the document.
    """
    return [
        EmbeddedResource(
            uri=resourceUri,
            mime_type="text/plain",
            text="Embedded resource content for testing.",
        ),
        Text(text="Please process the embedded resource above."),
    ]


@prompt(group="fixtures", scopes=USE)
def test_prompt_with_image() -> list[Image | Text]:
    """A picture, and what to do with it."""
    return [
        Image(data=RED_PIXEL, mime_type="image/png"),
        Text(text="Please analyze the image above."),
    ]
