"""Settings of background tools and their tasks."""

from django_mcp.setting import Setting


class BackgroundSettings:
    """Settings of background tools and their tasks."""

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
