"""Settings of the endpoint: its URL, what it serves, and how it presents itself."""

from django_mcp.content import Icon
from django_mcp.setting import Setting


class EndpointSettings:
    """Settings of the endpoint: its URL, what it serves, and how it presents itself."""

    URL = Setting(
        str,
        default="",
        help=(
            "Public URL of the endpoint: the only source of its path, of the audience that "
            "tokens must name, and of the metadata documents. Required outside DEBUG."
        ),
    )
    ALLOWED_ORIGINS = Setting[list[str]](
        list,
        default=[],
        help=(
            "Origins besides the site's own that browsers may call from, as https://host[:port]."
        ),
    )
    WSGI_STREAMS = Setting[bool | None](
        bool,
        default=None,
        is_optional=True,
        help=(
            "If true, `runserver` and WSGI servers send streams, each of which holds a thread or a "
            "worker process until it ends. Without them every answer comes in one piece: no "
            "progress, and no `subscriptions/listen`. `None`: as `DEBUG`."
        ),
    )
    SERVER_NAME = Setting(
        str,
        default="",
        help="Name that clients show for this server. Empty: the endpoint's host name.",
    )
    SERVER_VERSION = Setting(
        str,
        default="",
        help="Version that clients show for this server. Empty: that of django_mcp.",
    )
    SERVER_TITLE = Setting(
        str,
        default="",
        help=(
            "Title that clients show people for this server, and the pages for users do. Empty: "
            "the name."
        ),
    )
    SERVER_ICONS = Setting[list[Icon]](
        list,
        default=[],
        items=Icon,
        help=(
            "Icons that clients may show for this server, as `django_mcp.Icon`; the `src` of each "
            "is an http(s) or data URL."
        ),
    )
    SERVER_WEBSITE = Setting(
        str,
        default="",
        help="URL of the website that clients may open for this server. Empty: none.",
    )
    INSTRUCTIONS = Setting(
        str,
        default="",
        help="Instructions that an agent should read before it uses the tools.",
    )
    INSTRUCTIONS_TEMPLATE = Setting(
        str,
        default="",
        help=(
            "Template of the instructions, in place of `DJANGO_MCP_INSTRUCTIONS`: plain text, "
            "rendered each time that a client asks, with the `endpoint` in its context."
        ),
    )
    LIST_PAGE_SIZE = Setting(
        int,
        default=1000,
        help="Number of tools, resources or prompts on one page of a list.",
    )
    LIST_TTL = Setting(
        int,
        default=0,
        may_be_zero=True,
        help=(
            "Seconds for which clients of 2026-07-28 may keep a page of a list, and what the "
            "server says of itself. 0: they ask each time."
        ),
    )
    READ_TTL = Setting(
        int,
        default=0,
        may_be_zero=True,
        help="Seconds for which clients of 2026-07-28 may keep what they have read of a resource.",
    )
    CACHE_SCOPE = Setting(
        str,
        default="private",
        pattern="private|public",
        help=(
            "Caches that may keep lists and resources: `private`, those of one authorization, or "
            "`public`, shared ones too, for what is the same for every caller. What may differ "
            "stays private."
        ),
    )
