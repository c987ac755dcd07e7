"""Settings `DJANGO_MCP_*` of a project, with their types, defaults and help texts."""

from typing import Any

from django_mcp.setting import Setting

RATE = r"\d+/([1-9]\d*)?[smhd]"


class Settings:
    """Settings of the package, by their names without the prefix."""

    URL = Setting(
        str,
        default="",
        help=(
            "The endpoint's public URL: the only source of its path, of the audience that "
            "tokens must name, and of the metadata documents. Required outside DEBUG."
        ),
    )
    AUTODISCOVER = Setting[list[str]](
        list,
        default=["mcp_tools", "services"],
        help="Names of the modules that are imported from every installed app to find tools.",
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
            "Where `django_mcp.urls` serves OAuth, below the root of the site. `None`: the project "
            "includes `django_mcp.oauth_urls` itself."
        ),
    )
    LOGIN_SCOPES = Setting(
        str,
        default="read",
        pattern="read|all",
        help=(
            "What clients are told to ask for at the first login: `read`, the scopes of the "
            "read-only tools, or `all`, for the many clients that cannot ask for more later. "
            "Users can untick what they do not want to allow."
        ),
    )
    LOGIN_MESSAGE = Setting(
        bool,
        default=False,
        help=(
            "Whether users find a message of `django.contrib.messages` after they have signed in, "
            "when an assistant waits for them. For sites whose login page does not lead back to it."
        ),
    )
    REGISTRATION_RATE = Setting[str | None](
        str,
        default="20/h",
        is_optional=True,
        pattern=RATE,
        help=(
            "How many applications may register themselves from one address, as a number per `s`, "
            "`m`, `h` or `d`, or per several of these: `5/30m`. `None`: as many as come."
        ),
    )
    CLIENT_DOCUMENT_RATE = Setting[str | None](
        str,
        default="20/h",
        is_optional=True,
        pattern=RATE,
        help=(
            "How many metadata documents of unknown applications are fetched for one address, "
            "written as `DJANGO_MCP_REGISTRATION_RATE` is. `None`: as many as are asked for."
        ),
    )
    CLIENT_AUTHENTICATION_RATE = Setting[str | None](
        str,
        default="30/m",
        is_optional=True,
        pattern=RATE,
        help=(
            "How many client secrets are verified for one address, right or wrong, written as "
            "`DJANGO_MCP_REGISTRATION_RATE` is. One that was right before is known, and not "
            "counted again. `None`: as many as come."
        ),
    )
    REQUIRE_APPROVED_CLIENTS = Setting(
        bool,
        default=False,
        help=(
            "Whether applications that registered themselves may ask users only once an operator "
            "has approved them."
        ),
    )
    ALLOW_ANONYMOUS = Setting(
        bool,
        default=False,
        help=(
            "Whether callers without credentials may use the tools that ask for no scope or user."
        ),
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
        help="Whether a tool group is open before an operator has decided about it in the admin.",
    )
    SERVER_NAME = Setting(
        str,
        default="",
        help="The name that clients show for this server. Empty: the endpoint's host name.",
    )
    SERVER_VERSION = Setting(
        str,
        default="",
        help="The version that clients show for this server. Empty: that of django_mcp.",
    )
    INSTRUCTIONS = Setting(
        str,
        default="",
        help="What an agent should know before it uses the tools.",
    )
    LIST_PAGE_SIZE = Setting(
        int,
        default=1000,
        help="How many tools one page of a list holds.",
    )
    BASE_TEMPLATE = Setting(
        str,
        default="",
        help=(
            "The template that the pages for users extend; it has the blocks `title` and "
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
        help="How many tools may use a thread at once in each process.",
    )
    CONTROL_THREADS = Setting(
        int,
        default=2,
        help="Threads kept for authentication, policy and the record, whatever the tools do.",
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
            "Whether `runserver` and WSGI servers send streams, each of which holds a thread or a "
            "worker process until it ends. Without them every answer comes in one piece: no "
            "progress, and no `subscriptions/listen`. `None`: as `DEBUG` says."
        ),
    )
    EXCEPTIONS = Setting[dict[str, str | None]](
        dict,
        default={},
        help=(
            "How exceptions of tools are told, by the dotted path of their class: the dotted path "
            "of a function that is given the exception and returns a `ToolError` or its text, or "
            "`None` for a failure that tells nothing. It is laid over Django's exceptions."
        ),
    )
    BACKGROUND_BACKEND = Setting(
        str,
        default="threads",
        help=(
            "What runs background tools: `celery`, `django_tasks` (a backend of `TASKS`), "
            "`threads` (of this process, for development), or the dotted path of a backend."
        ),
    )
    BACKGROUND_THREADS = Setting(
        int,
        default=4,
        help="How many background tools the `threads` backend runs at once in each process.",
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
            "Seconds without a sign of life after which a worker counts as dead. It gives one "
            "at least six times as often."
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
        help="The largest arguments, and the largest result, of a background tool, as JSON.",
    )
    MAX_TASKS_PER_CALLER = Setting(
        int,
        default=100,
        help=(
            "How many background calls one user may have at once through one client, until they "
            "end. One more is refused as busy. Anonymous callers count together."
        ),
    )
    BACKGROUND_TERMINATE = Setting(
        bool,
        default=False,
        help=(
            "Whether cancelling kills the worker process of a running tool. Only with Celery's "
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
        help="The alias in `TASKS` that background tools are run by, if by `django_tasks`.",
    )
    CELERY_APP = Setting(
        str,
        default="",
        help=(
            "Where the project's Celery app is, as `project.celery.app`. Empty: Celery's current "
            "one."
        ),
    )
    MAX_REQUEST_BYTES = Setting(
        int,
        default=4 * 1024 * 1024,
        help="The largest request body; a larger one gets 413.",
    )
    MAX_REQUEST_ITEMS = Setting(
        int,
        default=50_000,
        help=(
            "How many arrays, objects and members of both the JSON of a request may hold; more get "
            "413. What is parsed keeps the whole process waiting."
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
            "The most rows of a result: the items of a list that a tool returns, and of every "
            "queryset and iterator in what it returns. More are refused. Pages are as long as "
            "`page_size` says."
        ),
    )
    MAX_RESULT_BYTES = Setting(
        int,
        default=1024 * 1024,
        help="The largest result, in bytes of its JSON, or of its text and media. More is refused.",
    )
    USER_LABEL = Setting(
        str,
        default="django_mcp.user_labels.readable_label",
        help=(
            "The dotted path of a function that is given a user and returns the text by which "
            "pages, commands and the record show it. The default is the username or, where that is "
            "an opaque identifier such as a UUID, the full name or e-mail address."
        ),
    )
    RECORD = Setting(
        bool,
        default=True,
        help="Whether calls are recorded in the database at all.",
    )
    RECORD_MAX_BYTES = Setting(
        int,
        default=16 * 1024,
        help="The largest size of the arguments kept in a record, as JSON.",
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
    found = [value for value in vars(Settings).values() if isinstance(value, Setting)]
    return sorted(found, key=lambda setting: setting.name)
