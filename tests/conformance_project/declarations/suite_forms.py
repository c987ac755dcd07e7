"""Tools that the official suite calls in its scenarios of input that is required first."""

from pydantic import BaseModel
from typing_extensions import TypedDict

from django_mcp import ToolContext, tool
from tests.conformance_project.declarations.scopes import USE


class Name(BaseModel):
    """Form of the question."""

    name: str


class Greeted(TypedDict):
    """Argument that the user fills in."""

    user_name: str


def ask_name(context: ToolContext) -> Greeted:
    """Ask for a name."""
    answers = context.elicit_all({"user_name": ("What is your name?", Name)})
    return {"user_name": answers["user_name"].name}


@tool(group="fixtures", scopes=USE, background=True, prepare=ask_name)
def test_input_required_result_elicitation(user_name: str) -> str:
    """Greet the user by the name that was asked for."""
    return f"Hello, {user_name}!"
