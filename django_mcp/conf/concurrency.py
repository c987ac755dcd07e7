"""Settings of calls at once: threads, places, and the cache that counts for all processes."""

from django_mcp.setting import Setting


class ConcurrencySettings:
    """Settings of calls at once: threads, places, and the cache that counts for all processes."""

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
    CACHE = Setting(
        str,
        default="default",
        help="Alias in `CACHES` of the cache that counts, locks and stores for limits.",
    )
    LEASE_TIME = Setting(
        float,
        default=30.0,
        help=(
            "Seconds after which what a killed process has taken, such as the place of a "
            "concurrent call, is free again. Living processes renew it three times as often."
        ),
    )
