"""Settings of calls: what is found and called, by which rules, and what is recorded."""

from django_mcp.setting import Setting


class CallSettings:
    """Settings of calls: what is found and called, by which rules, and what is recorded."""

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
    ENABLE_NEW_GROUPS = Setting(
        bool,
        default=False,
        help="If true, a tool group is open before an operator has decided about it in the admin.",
    )
    IGNORED_ARGUMENTS = Setting[list[str]](
        list,
        default=[],
        help=(
            "Names of arguments that hosts add to every call, such as `toolCallId`, `sessionId`, "
            "`action` and `chatInput`: they are dropped where the tool has no such parameter."
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
    DRF_REQUEST = Setting(
        str,
        default="",
        help=(
            "Dotted path of a function that prepares the requests which `expose` makes for views "
            "of Django REST framework, such as by setting the tenant: it takes the `request`, "
            "which it changes, and the `principal`, and is called before the middleware that "
            "`expose` names. Empty: none."
        ),
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
