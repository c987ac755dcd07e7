"""Settings of rates: how many calls there may be in a time, and what follows if none can count."""

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
    RATES_FAIL_OPEN = Setting(
        str,
        default="reads",
        pattern="reads|all|none",
        help=(
            "Calls with a rate that pass while the cache cannot count them: those that only read "
            "(`reads`), `all` or `none`. The others are refused as busy."
        ),
    )
