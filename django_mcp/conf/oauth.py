"""Settings of authentication, OAuth and the pages of users."""

from django_mcp.setting import Setting

RATE = r"\d{1,9}/([1-9]\d{0,5})?[smhd]"


class OAuthSettings:
    """Settings of authentication, OAuth and the pages of users."""

    AUTHENTICATORS = Setting[list[str]](
        list,
        default=["django_mcp.auth.oauth.authenticator.OAuthAuthenticator"],
        help="Dotted paths of the authenticators, asked in this order.",
    )
    ALLOW_ANONYMOUS = Setting(
        bool,
        default=False,
        help=("If true, callers without credentials may use what needs no scope or user."),
    )
    OAUTH_PATH = Setting[str | None](
        str,
        default="o/",
        is_optional=True,
        help=(
            "Path of OAuth in `django_mcp.urls`, below the root of the site. `None`: the project "
            "includes `django_mcp.oauth_urls` itself."
        ),
    )
    LOGIN_SCOPES = Setting(
        str,
        default="read",
        pattern="read|all",
        help=(
            "Scopes that clients are told to request at the first login: `read`, those of what "
            "only reads, or `all`, for the many clients that cannot request more later. "
            "Users can untick scopes that they do not want to allow."
        ),
    )
    LOGIN_MESSAGE = Setting(
        bool,
        default=False,
        help=(
            "If true, users find a message of `django.contrib.messages` after they have signed in, "
            "when an assistant waits for them. For sites whose login page does not lead back to it."
        ),
    )
    REGISTRATION_RATE = Setting[str | None](
        str,
        default="20/h",
        is_optional=True,
        pattern=RATE,
        help=(
            "Limit of self-registrations of applications from one address, as a number per `s`, "
            "`m`, `h` or `d`, or per several of these: `5/30m`. `None`: no limit."
        ),
    )
    CLIENT_DOCUMENT_RATE = Setting[str | None](
        str,
        default="20/h",
        is_optional=True,
        pattern=RATE,
        help=(
            "Limit of metadata documents of unknown applications fetched for one address, "
            "written as `DJANGO_MCP_REGISTRATION_RATE` is. `None`: no limit."
        ),
    )
    CLIENT_AUTHENTICATION_RATE = Setting[str | None](
        str,
        default="30/m",
        is_optional=True,
        pattern=RATE,
        help=(
            "Limit of client secrets verified for one address, right or wrong, written as "
            "`DJANGO_MCP_REGISTRATION_RATE` is. One that was right before is cached, and not "
            "counted again. `None`: no limit."
        ),
    )
    REQUIRE_APPROVED_CLIENTS = Setting(
        bool,
        default=False,
        help=(
            "If true, applications that registered themselves may ask users only once an operator "
            "has approved them."
        ),
    )
    PRUNE_CLIENTS_AFTER = Setting(
        int,
        default=30,
        help=(
            "Days after which `mcp_clients prune` deletes an application that registered itself "
            "and is not used."
        ),
    )
    BASE_TEMPLATE = Setting(
        str,
        default="",
        help=(
            "Template that the pages for users extend; it has the blocks `title` and "
            "`content`. Empty: the site's `base.html` if it has a block `content`, else "
            "`django_mcp/base.html`."
        ),
    )
