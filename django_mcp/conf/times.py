"""Settings of times: of calls, of their statements, of bodies, and of the end of a process."""

from django_mcp.setting import Setting


class TimeSettings:
    """Settings of times: of calls, of their statements, of bodies, and of the end of a process."""

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
    BODY_TIMEOUT = Setting(
        float,
        default=10.0,
        help="Seconds that a client has to send the body of its request; a slower one gets 408.",
    )
    SHUTDOWN_TIMEOUT = Setting(
        float,
        default=10.0,
        help="Seconds that a process which is to end waits for the calls that it still runs.",
    )
