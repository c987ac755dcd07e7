"""Settings of limits: threads, times, and sizes of requests and results."""

from django_mcp.setting import Setting


class LimitSettings:
    """Settings of limits: threads, times, and sizes of requests and results."""

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
    TIMEOUT = Setting(
        float,
        default=60.0,
        help=(
            "Seconds that a call without `timeout` may take within its request, from its arrival. "
            "Background tools have `DJANGO_MCP_BACKGROUND_TIMEOUT`."
        ),
    )
    STATEMENT_TIMEOUT = Setting(
        bool,
        default=False,
        help=(
            "If true, PostgreSQL cancels the statements of a call at its deadline. Not those of "
            "async functions, unless they run in the background."
        ),
    )
    LEASE_TIME = Setting(
        float,
        default=30.0,
        help=(
            "Seconds after which what a killed process has taken, such as the place of a "
            "concurrent call, is free again. Living processes renew it three times as often."
        ),
    )
    CACHE = Setting(
        str,
        default="default",
        help="Alias in `CACHES` of the cache that counts, locks and stores for limits.",
    )
    IDEMPOTENCY_WAIT = Setting(
        float,
        default=30.0,
        help=(
            "Seconds that a call waits for an earlier one with the same idempotency key, before it "
            "is refused as busy."
        ),
        may_be_zero=True,
    )
    KEEP_IDEMPOTENCY_KEY = Setting(
        float,
        default=86400.0,
        help="Seconds that the answer to a call with an idempotency key is kept and repeated.",
    )
    MAX_CALLS_PER_USER = Setting[int | None](
        int,
        default=None,
        is_optional=True,
        help=(
            "Limit of calls of one user that run at once. One more is refused as busy. Anonymous "
            "callers count by client, and without one by address. `None`: no limit."
        ),
    )
    MAX_CALLS_PER_CLIENT = Setting[int | None](
        int,
        default=None,
        is_optional=True,
        help=(
            "Limit of calls through one client that run at once, those of all its users together. "
            "`None`: no limit."
        ),
    )
    MAX_CALLS_PER_TOOL = Setting[int | None](
        int,
        default=None,
        is_optional=True,
        help=(
            "Limit of calls of one tool that run at once, those of all callers together, for tools "
            "without `max_concurrent`. `None`: no limit."
        ),
    )
    SHUTDOWN_TIMEOUT = Setting(
        float,
        default=10.0,
        help="Seconds that a process which is to end waits for the calls that it still runs.",
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
    MAX_CACHED_BYTES = Setting(
        int,
        default=256 * 1024,
        help=(
            "Largest result that `cache` keeps, in bytes as it is stored: its text, its structured "
            "content, and its media as base64. A larger one is computed for every call."
        ),
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
