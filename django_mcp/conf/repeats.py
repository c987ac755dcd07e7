"""Settings of repeats: idempotency keys, and results that are kept for the next call."""

from django_mcp.setting import Setting


class RepeatSettings:
    """Settings of repeats: idempotency keys, and results that are kept for the next call."""

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
    MAX_CACHED_BYTES = Setting(
        int,
        default=256 * 1024,
        help=(
            "Largest result that `cache` keeps, in bytes as it is stored: its text, its structured "
            "content, and its media as base64. A larger one is computed for every call."
        ),
    )
