"""Settings of sizes: of requests, arguments and results, sent or stored."""

from django_mcp.setting import Setting


class SizeSettings:
    """Settings of sizes: of requests, arguments and results, sent or stored."""

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
    MAX_ARGUMENT_BYTES = Setting(
        int,
        default=1024 * 1024,
        help="Largest arguments of a call, in bytes of their JSON; larger ones are refused.",
    )
    MAX_ARGUMENT_DEPTH = Setting(
        int,
        default=32,
        help=(
            "Limit of arrays and objects inside one another in an argument, at most 150; what is "
            "nested deeper is refused."
        ),
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
    KEEP_STORED_RESULT = Setting(
        float,
        default=3600.0,
        help='Seconds that a tool with `overflow="link"` stores a result which is too large.',
    )
    MAX_STORED_RESULT_BYTES = Setting(
        int,
        default=16 * 1024 * 1024,
        help="Largest result that is stored, in bytes; a run holds it in memory. More is refused.",
    )
    MAX_STORED_ROWS = Setting(
        int,
        default=50_000,
        help="As `DJANGO_MCP_MAX_ROWS`, of a result that is stored where it is too large.",
    )
    MAX_STORED_BYTES_PER_CALLER = Setting(
        int,
        default=64 * 1024 * 1024,
        help=(
            "Bytes that the stored results of one user through one client may have together, "
            "until they expire. More is refused. Anonymous callers count together."
        ),
    )
