"""The tools of these tests: one for each way in which a tool can be open or closed."""

from typing import Annotated

from django.contrib.auth.models import Group, User
from pydantic import Field

from django_mcp import Principal, ToolContext, tool
from django_mcp.primitives.declaration import collecting

SECRET = "the-password-is-1234"


def is_trusted(user: User) -> bool:
    """Ask the database, as predicates do."""
    return user.groups.filter(name="trusted").exists()


def has_trusted_client(*, principal: Principal) -> bool:
    """Ask the database, about any caller."""
    return Group.objects.filter(name=f"trusts {principal.client_id}").exists()


with collecting() as TOOLS:

    @tool(read_only=True)
    def add(a: int, b: int = 0) -> int:
        """Add two numbers."""
        return a + b

    @tool(read_only=True)
    async def echo(text: str) -> str:
        """Say the same again."""
        return text

    @tool(group="notes", scopes=["notes:read"], read_only=True)
    def read_notes(owner: User) -> list[str]:
        """Read the caller's notes."""
        return [owner.get_username()]

    @tool(group="notes", scopes=["notes:read", "notes:write"])
    def write_note(owner: User, text: str) -> str:
        """Write a note."""
        return f"{owner.get_username()} wrote {len(text)}"

    @tool(group="notes", scopes=["notes:read", "notes:write"])
    async def awrite_note(owner: User, text: str) -> str:
        """Write a note, without a thread."""
        return f"{owner.get_username()} wrote {len(text)}"

    @tool(group="notes", scopes=["notes:read"], read_only=True)
    def public_notes() -> list[str]:
        """Read what everybody may read who holds the scope."""
        return []

    @tool(group="routed", read_only=True)
    def regional(
        region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
    ) -> str:
        """Answer from one region."""
        return region

    @tool(group="closed", read_only=True)
    def hidden(text: str = "") -> str:
        """Belong to a group that is switched off."""
        return SECRET

    @tool(group="closed", read_only=True)
    async def hidden_async(text: str = "") -> str:
        """Belong to a group that is switched off, without a thread."""
        return SECRET

    @tool(group="closed", scopes=["closed:use"])
    def hidden_scoped(text: str = "") -> str:
        """Belong to a group that is switched off, and ask for a scope."""
        return SECRET

    @tool(group="closed", read_only=True)
    def hidden_regional(
        region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})] = "",
    ) -> str:
        """Belong to a group that is switched off, and be routed by a header."""
        return SECRET

    @tool(group="closed", read_only=True)
    def hidden_context(context: ToolContext, text: str = "") -> str:
        """Belong to a group that is switched off, and report progress."""
        context.report_progress(1)
        return SECRET

    @tool(group="closed", background=True)
    def hidden_background(text: str = "") -> str:
        """Belong to a group that is switched off, and run in the background."""
        return SECRET

    @tool(permissions=["auth.delete_user"], scopes=["closed:use"])
    def hidden_permitted(text: str = "") -> str:
        """Ask for a permission that the caller lacks."""
        return SECRET

    @tool(requires=is_trusted, read_only=True)
    def hidden_required(text: str = "") -> str:
        """Require what does not hold for the caller."""
        return SECRET

    @tool(requires=is_trusted, scopes=["closed:use"])
    async def hidden_required_async(text: str = "") -> str:
        """Require what does not hold for the caller, without a thread, and ask for a scope."""
        return SECRET

    @tool(requires=is_trusted, background=True)
    def hidden_required_background(text: str = "") -> str:
        """Require what does not hold for the caller, and run in the background."""
        return SECRET

    @tool(requires=has_trusted_client, scopes=["closed:use"])
    def hidden_required_client(text: str = "") -> str:
        """Require what does not hold for the client, and ask for a scope."""
        return SECRET

    @tool
    def boom() -> str:
        """Fail."""
        raise RuntimeError(SECRET)

    @tool
    async def boom_async() -> str:
        """Fail, without a thread."""
        raise RuntimeError(SECRET)
