"""Content blocks that functions may return besides data, and the marker for secrets."""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_args

from django.utils.functional import Promise

Role = Literal["user", "assistant"]
"""Sender of a message, and audience of what is served."""


CLASSES: dict[str, type] = {"data": bytes, "size": int}
"""Classes of the fields of content blocks that are no text."""


ICON_SCHEMES = ("https:", "http:", "data:")
"""Schemes of the URLs of icons; MCP has clients reject every other."""


THEMES = ("light", "dark")
"""Backgrounds that icons are made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Icon:
    """Icon that clients may show for what is served. `sizes` are such as `48x48` or `any`.

    `src` is a whole http(s) or data URL. `theme` is the background that it is made for, `light` or
    `dark`; any other raises `ValueError`.
    """

    src: str
    mime_type: str | None = None
    sizes: tuple[str, ...] = ()
    theme: Literal["light", "dark"] | None = None

    def __post_init__(self) -> None:
        if self.theme is not None and self.theme not in THEMES:
            raise ValueError(f"theme must be one of {', '.join(THEMES)}")

    @property
    def is_loadable(self) -> bool:
        """True if clients may take its URL."""
        return self.src.lower().startswith(ICON_SCHEMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Base class of the content blocks; return one or a list of them from a tool.

    Lazy text, as of translations, becomes text in the language that is active where it is made.
    Raises `TypeError` for values that no client could be sent, such as base64 text for bytes.
    """

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is not MISSING:
                continue
            if isinstance(value, Promise):
                object.__setattr__(self, field.name, value := str(value))
            wanted = CLASSES.get(field.name, str)
            if not isinstance(value, wanted):
                given = type(value).__name__
                raise TypeError(f"{field.name} must be {wanted.__name__}, not {given}")
            if isinstance(value, str):
                value.encode()  # lone surrogates have no place in UTF-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Content):
    """Block of text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Content):
    """Image: its raw bytes and their media type, such as `image/png`."""

    data: bytes
    mime_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio(Content):
    """Audio: its raw bytes and their media type, such as `audio/wav`."""

    data: bytes
    mime_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedResource(Content):
    """Embedded document under a URI of its own: either `text` or raw `data`.

    Without both, the resource of the project that this URI names is read for the caller, and
    embedded. Raises `ValueError` for both.
    """

    uri: str
    text: str | None = None
    data: bytes | None = None
    mime_type: str | None = None

    def __post_init__(self) -> None:
        Content.__post_init__(self)
        if self.text is not None and self.data is not None:
            raise ValueError("A resource holds either text or data.")

    @property
    def has_contents(self) -> bool:
        """True if it holds text or data, and is not still to be read."""
        return self.text is not None or self.data is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLink(Content):
    """Link to a document that the client may fetch by its URI; `size` is in bytes.

    For a resource of the project, `resource_link` fills in the rest.
    """

    uri: str
    name: str
    title: str | None = None
    description: str | None = None
    mime_type: str | None = None
    size: int | None = None


Block = Text | Image | Audio | EmbeddedResource | ResourceLink
"""Kinds of content blocks that MCP knows, in results and in messages."""


def resource_link(
    uri: str, *, title: str | None = None, description: str | None = None
) -> ResourceLink:
    """Return a link to a resource of the project, named and described as the resource is.

    A title and a description that are given here come first: a template has the same for all of its
    resources. A caller who does not see the resource is given these and the URI alone.
    """
    return ResourceLink(uri=uri, name="", title=title, description=description)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMessage(Content):
    """Message of a prompt: one content block, spoken by the user or by the assistant.

    Text as a string becomes a block of text.
    """

    content: Content | str
    role: Role = "user"

    def __post_init__(self) -> None:
        if self.role not in get_args(Role):
            raise ValueError(f"role must be one of {', '.join(get_args(Role))}, not {self.role!r}")
        if isinstance(self.content, str | Promise):
            object.__setattr__(self, "content", Text(text=str(self.content)))
        given: object = self.content
        if not isinstance(given, Block):
            wrong = type(given).__name__
            raise TypeError(f"content must be text or a content block, not {wrong}")

    @property
    def block(self) -> Content:
        """Content block of the message."""
        assert isinstance(self.content, Content)
        return self.content


class Redacted:
    """Marker of a secret argument: `Annotated[str, Redacted]` never reaches a record or a log.

    The published input schema says `writeOnly`, as JSON Schema has it for secrets.
    """

    # A duck-typed hook of pydantic's, so that this module need not import pydantic. As a class
    # method it serves both `Annotated[str, Redacted]` and `Annotated[str, Redacted()]`.
    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Any, handler: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        return {**handler(core_schema), "writeOnly": True}
