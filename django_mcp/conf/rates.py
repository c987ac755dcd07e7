"""Settings of rates: how many calls there may be in a time, and what follows if none can count."""

from django_mcp.conf.oauth import RATE
from django_mcp.setting import Setting


class RateSettings:
    """Settings of rates: how many calls there may be in a time, and of whom."""

    RATES = Setting[dict[str, str | None]](
        dict,
        default={},
        help=(
            'Limits of calls, such as `{"user:read": "100/m", "user:write": "10/m"}`. '
            "What is counted is `user`, `client`, `user_client`, `tool`, `group`, `endpoint` or "
            "`all`; with `:read` or `:write` only calls that read, or that may change something."
        ),
    )
    REQUEST_RATE = Setting[str | None](
        str,
        default=None,
        is_optional=True,
        pattern=RATE,
        help=(
            "Limit of requests of one caller to one endpoint, whatever they are: calls, lists, "
            "handshakes, written as `DJANGO_MCP_REGISTRATION_RATE` is. More get 429. `None`: no "
            "limit."
        ),
    )
    FAILED_AUTHENTICATION_RATE = Setting[str | None](
        str,
        default="600/m",
        is_optional=True,
        pattern=RATE,
        help=(
            "Limit of requests from one address with credentials that are not good, written as "
            "`DJANGO_MCP_REGISTRATION_RATE` is. Beyond it only credentials that were good before "
            "are looked at; others get 429. `None`: no limit."
        ),
    )
    RATES_FAIL_OPEN = Setting(
        str,
        default="reads",
        pattern="reads|all|none",
        help=(
            "Calls that pass while the cache cannot count them for a rate, a limit of concurrent "
            "calls or an export budget: those that only read (`reads`), `all` or `none`. The "
            "others are refused as busy."
        ),
    )
