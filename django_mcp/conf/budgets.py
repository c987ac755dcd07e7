"""Settings of export budgets: rows and bytes that a caller may take out per hour and day."""

from django_mcp.setting import Setting


class BudgetSettings:
    """Settings of export budgets: rows and bytes that a caller may take out per hour and day."""

    EXPORT_ROWS_PER_HOUR = Setting(
        int,
        default=None,
        is_optional=True,
        may_be_zero=True,
        help=(
            "Number of rows that a user with a client may take out in each hour, over all tools, "
            "resources and prompts. `None`: no limit."
        ),
    )
    EXPORT_ROWS_PER_DAY = Setting(
        int,
        default=None,
        is_optional=True,
        may_be_zero=True,
        help="Number of rows that a user with a client may take out in each day, likewise.",
    )
    EXPORT_BYTES_PER_HOUR = Setting(
        int,
        default=None,
        is_optional=True,
        may_be_zero=True,
        help=(
            "Number of bytes, of text in UTF-8 and of media, that a user with a client may take "
            "out in each hour, over all tools, resources and prompts. `None`: no limit."
        ),
    )
    EXPORT_BYTES_PER_DAY = Setting(
        int,
        default=None,
        is_optional=True,
        may_be_zero=True,
        help="Number of bytes that a user with a client may take out in each day, likewise.",
    )
