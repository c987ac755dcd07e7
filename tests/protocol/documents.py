"""Resources and prompts that are read, hidden, refused and broken, in the sync and async way."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.http import FileResponse
from django.utils.translation import gettext_lazy
from pydantic import Field
from typing_extensions import TypedDict

from django_mcp import (
    Audio,
    EmbeddedResource,
    Icon,
    Image,
    PromptMessage,
    ResourceLink,
    Text,
    ToolContext,
    ToolError,
    prompt,
    resource,
    resource_link,
)
from django_mcp.primitives.declaration import collecting

SECRET = "the-password-is-1234"


class Line(TypedDict):
    """One line of a bill."""

    item: str
    price: float


with collecting() as DOCUMENTS:

    @resource(
        "shop://hours",
        title="Opening hours",
        mime_type="text/markdown",
        size=12,
        audience=["user", "assistant"],
        priority=0.5,
        last_modified=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        icons=[Icon(src="https://shop.example/hours.png", mime_type="image/png")],
    )
    def hours() -> str:
        """Opening hours of the shop."""
        return "Nine to five"

    @resource("shop://ahours")
    async def ahours() -> str:
        """Opening hours, on the loop."""
        return "Nine to five"

    @resource("shop://logo")
    def logo() -> bytes:
        """The logo."""
        return b"\x00\xff"

    @resource("shop://bill/{number}", mime_type="application/json")
    def bill(number: Annotated[int, Field(ge=1)]) -> list[Line]:
        """A bill.

        Args:
            number: Its number.
        """
        return [{"item": f"bill {number}", "price": 1.5}]

    @resource("shop://abill/{number}{?currency}")
    async def abill(number: int, currency: Literal["EUR", "USD"] = "EUR") -> dict[str, int | str]:
        """A bill, on the loop."""
        return {"number": number, "currency": currency}

    @resource("shop://page/{+path}")
    def page(path: str) -> str:
        """A page of the handbook."""
        return f"page {path}"

    @resource("shop://group/{name}", fields=["name"])
    def group(name: str) -> Group:
        """A group."""
        return Group.objects.get(name=name)

    @resource("shop://agroup/{name}", fields=["name"])
    async def agroup(name: str) -> Group:
        """A group, on the loop."""
        return await sync_to_async(Group.objects.get)(name=name)

    @resource("shop://parts")
    def parts() -> list[Text | Image | EmbeddedResource]:
        """Several contents at once."""
        return [
            Text(text="one"),
            Image(data=b"two", mime_type="image/png"),
            EmbeddedResource(uri="shop://parts/3", text="three", mime_type="text/html"),
        ]

    @resource("shop://file")
    def file() -> FileResponse:
        """A file."""
        return FileResponse(iter([b"a,b"]), content_type="text/csv")

    @resource("shop://own")
    def own(user: User, context: ToolContext) -> str:
        """What is the caller's own."""
        return f"{user.get_username()} {context.call_id}"

    @resource("shop://forbidden")
    def forbidden() -> str:
        """Nobody may read it."""
        raise PermissionDenied(SECRET)

    @resource("shop://refused")
    def refused() -> str:
        """Not now."""
        raise ToolError("The shop is closed.", hint="Come back tomorrow.", retryable=True)

    @resource("shop://broken")
    def broken() -> str:
        """It fails."""
        raise RuntimeError(SECRET)

    @resource("shop://abroken")
    async def abroken() -> str:
        """It fails, on the loop."""
        raise RuntimeError(SECRET)

    @resource("shop://hidden", group="closed")
    def hidden() -> str:
        """Belongs to a group that is switched off."""
        return SECRET

    @prompt(title="Greeting", icons=[Icon(src="https://shop.example/hello.png")])
    def greet(name: str, times: int = 1, day: date | None = None) -> str:
        """Greet somebody.

        Args:
            name: Who is greeted.
            times: How often.
        """
        return f"Say hello to {name} {times + 0} times on {day!r}."

    @prompt
    async def agreet(name: str, loud: bool = False) -> Sequence[PromptMessage | str]:
        """Greet somebody, on the loop."""
        return [f"Hello {name}", PromptMessage(role="assistant", content=f"Loud: {loud}")]

    @prompt
    def show() -> list[object]:
        """Every kind of content."""
        return [
            Text(text="text"),
            Image(data=b"\x89", mime_type="image/png"),
            Audio(data=b"\x89", mime_type="audio/wav"),
            resource_link("shop://hours"),
            PromptMessage(content=EmbeddedResource(uri="shop://hours", text="Nine to five")),
        ]

    @prompt
    def translated() -> list[Any]:
        """Lazy text, as of translations."""
        return [gettext_lazy("Yes"), gettext_lazy("No")]

    @prompt
    async def atranslated() -> Any:
        """Lazy text, on the loop."""
        return gettext_lazy("Yes")

    @prompt
    def ask_about(uri: str) -> list[PromptMessage | ResourceLink]:
        """Ask about a resource."""
        return [resource_link(uri), PromptMessage(content=EmbeddedResource(uri=uri))]

    @prompt
    def wrong_prompt() -> object:
        """Returns what is no message."""
        return [{"role": "user"}]

    @prompt
    def broken_prompt() -> str:
        """It fails."""
        raise RuntimeError(SECRET)

    @prompt
    def refused_prompt() -> str:
        """Not now."""
        raise ToolError("The shop is closed.", hint="Come back tomorrow.")

    @prompt(group="closed")
    def hidden_prompt() -> str:
        """Belongs to a group that is switched off."""
        return SECRET
