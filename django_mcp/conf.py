"""Settings `DJANGO_MCP_*` of a project, with their types, defaults and help texts."""

from typing import Any

from django_mcp.content import Icon
from django_mcp.setting import Setting

RATE = r"\d+/([1-9]\d*)?[smhd]"


class Settings:
    """Settings of the package, by their names without the prefix."""

    URL = Setting(
        str,
        default="",
        help=(
            "Public URL of the endpoint: the only source of its path, of the audience that "
            "tokens must name, and of the metadata documents. Required outside DEBUG."
        ),
    )
    AUTODISCOVER = Setting[list[str]](
        list,
        default=["mcp_tools", "services"],
        help=(
            "Names of the modules that are imported from every installed app to find tools, "
            "resources and prompts."
        ),
    )
    GUARDS = Setting[list[str]](
        list,
        default=[],
        help=(
            "Dotted paths of the project's guards, in order: each is put around every call, after "
            "its arguments are bound and before its record is begun."
        ),
    )
    AUTHENTICATORS = Setting[list[str]](
        list,
        default=["django_mcp.auth.oauth.authenticator.OAuthAuthenticator"],
        help="Dotted paths of the authenticators, asked in this order.",
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
    ALLOW_ANONYMOUS = Setting(
        bool,
        default=False,
        help=("If true, callers without credentials may use what needs no scope or user."),
    )
    ALLOWED_ORIGINS = Setting[list[str]](
        list,
        default=[],
        help=(
            "Origins besides the site's own that browsers may call from, as https://host[:port]."
        ),
    )
    ENABLE_NEW_GROUPS = Setting(
        bool,
        default=False,
        help="If true, a tool group is open before an operator has decided about it in the admin.",
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
    BASE_TEMPLATE = Setting(
        str,
        default="",
        help=(
            "Template that the pages for users extend; it has the blocks `title` and "
            "`content`. Empty: the site's `base.html` if it has a block `content`, else "
            "`django_mcp/base.html`."
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
    IGNORED_ARGUMENTS = Setting[list[str]](
        list,
        default=[],
        help=(
            "Names of arguments that hosts add to every call, such as `toolCallId`, `sessionId`, "
            "`action` and `chatInput`: they are dropped where the tool has no such parameter."
        ),
    )
    THREADS = Setting(
        int,
        default=8,
        help="Number of calls that may use a thread at once in each process.",
    )
    CONTROL_THREADS = Setting(
        int,
        default=2,
        help="Number of threads for authentication, policy and the record, in each process.",
    )
    BUSY_AFTER = Setting(
        float,
        default=5.0,
        help="Seconds a call waits for a free thread before it is refused as busy.",
    )
    SHUTDOWN_TIMEOUT = Setting(
        float,
        default=10.0,
        help="Seconds that a process which is to end waits for the calls that it still runs.",
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
    EXCEPTIONS = Setting[dict[str, str | None]](
        dict,
        default={},
        help=(
            "Mapping of exceptions that end calls, by the dotted path of their class: to the path "
            "of a function that takes the exception and returns a `ToolError` or its text, or to "
            "`None` for a failure without details. It is laid over Django's exceptions."
        ),
    )
    BACKGROUND_BACKEND = Setting(
        str,
        default="threads",
        help=(
            "Backend that runs background tools: `celery`, `django_tasks` (a backend of `TASKS`), "
            "`threads` (of this process, for development), or the dotted path of a backend."
        ),
    )
    BACKGROUND_THREADS = Setting(
        int,
        default=4,
        help="Number of background tools that the `threads` backend runs at once in each process.",
    )
    BACKGROUND_TIMEOUT = Setting(
        float,
        default=3600.0,
        help="Seconds after which a run of a background tool without `timeout` has failed.",
    )
    BACKGROUND_START_WITHIN = Setting(
        float,
        default=900.0,
        help="Seconds after which a background call that no worker has taken is given up.",
    )
    BACKGROUND_STALE_AFTER = Setting(
        float,
        default=30.0,
        help=(
            "Seconds without a heartbeat after which a worker counts as dead. Heartbeats are at "
            "least six times as frequent."
        ),
    )
    BACKGROUND_KEEP_RESULT = Setting(
        float,
        default=86400.0,
        help="Seconds that a task is kept after its end, for tools without `keep_result`.",
    )
    ANSWER_WITHIN = Setting(
        float,
        default=3600.0,
        help="Seconds that a user has to answer the question of a tool before it is given up.",
    )
    BACKGROUND_MAX_BYTES = Setting(
        int,
        default=4 * 1024 * 1024,
        help="Largest arguments, and the largest result, of a background tool, as JSON.",
    )
    MAX_TASKS_PER_CALLER = Setting(
        int,
        default=100,
        help=(
            "Limit of background calls that one user may have at once through one client, until "
            "they end. One more is refused as busy. Anonymous callers count together."
        ),
    )
    BACKGROUND_TERMINATE = Setting(
        bool,
        default=False,
        help=(
            "If true, cancelling kills the worker process of a running tool. Only with Celery's "
            "prefork pool."
        ),
    )
    BROKER_TIMEOUT = Setting(
        float,
        default=3.0,
        help="Seconds that Celery's broker has to answer before a background call is refused.",
    )
    DJANGO_TASKS_BACKEND = Setting(
        str,
        default="default",
        help="Alias in `TASKS` of the backend for background tools, if they run by `django_tasks`.",
    )
    CELERY_APP = Setting(
        str,
        default="",
        help=(
            "Dotted path of the project's Celery app, as `project.celery.app`. Empty: Celery's "
            "current one."
        ),
    )
    MAX_REQUEST_BYTES = Setting(
        int,
        default=4 * 1024 * 1024,
        help="Largest request body; a larger one gets 413.",
    )
    MAX_REQUEST_ITEMS = Setting(
        int,
        default=50_000,
        help=(
            "Limit of arrays, objects and members of both in the JSON of a request; more get 413. "
            "Parsing keeps the whole process waiting."
        ),
    )
    BODY_TIMEOUT = Setting(
        float,
        default=10.0,
        help="Seconds that a client has to send the body of its request; a slower one gets 408.",
    )
    MAX_ROWS = Setting(
        int,
        default=1000,
        help=(
            "Limit of rows of a result: the items of a list that a tool returns, and of every "
            "queryset and iterator in what it returns. More are refused. Pages are as long as "
            "their `page_size`."
        ),
    )
    MAX_RESULT_BYTES = Setting(
        int,
        default=1024 * 1024,
        help="Largest result, in bytes of its JSON, or of its text and media. More is refused.",
    )
    USER_LABEL = Setting(
        str,
        default="django_mcp.user_labels.readable_label",
        help=(
            "Dotted path of a function that takes a user and returns the text by which "
            "pages, commands and the record show it. The default is the username or, where that is "
            "an opaque identifier such as a UUID, the full name or e-mail address."
        ),
    )
    RECORD = Setting(
        bool,
        default=True,
        help="If true, calls are recorded in the database.",
    )
    RECORD_MAX_BYTES = Setting(
        int,
        default=16 * 1024,
        help="Largest size of the arguments in a record, as JSON.",
    )
    REDACT = Setting[list[str]](
        list,
        default=[
            "password",
            "passwd",
            "passphrase",
            "secret",
            "token",
            "authorization",
            "api_key",
            "apikey",
            "private_key",
            "credential",
            "cookie",
        ],
        help=(
            "Words that mark an argument as secret wherever they occur in its name, in any "
            "case, with dashes and underscores alike."
        ),
    )


settings = Settings()


def declared_settings() -> list[Setting[Any]]:
    """Return every setting, in the order of their names."""
    declared = [value for value in vars(Settings).values() if isinstance(value, Setting)]
    return sorted(declared, key=lambda setting: setting.name)
