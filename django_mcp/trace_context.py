"""W3C trace context: the `traceparent` by which a call belongs to its client's trace.

https://www.w3.org/TR/trace-context/#traceparent-header
"""

import re
from typing import Any

MAX_TRACEPARENT_CHARACTERS = 128
"""Version 00 has 55; later versions may append fields."""

_FIELDS = "(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
_TRACEPARENT = re.compile(rf"00-{_FIELDS}|(?!00|ff)[0-9a-f]{{2}}-{_FIELDS}(?:-[!-~]*)?")


def valid_traceparent(value: Any) -> str:
    """Return a well-formed `traceparent` as it is; an empty string for anything else."""
    if not isinstance(value, str) or len(value) > MAX_TRACEPARENT_CHARACTERS:
        return ""
    return value if _TRACEPARENT.fullmatch(value) else ""


def trace_id_of(traceparent: str) -> str:
    """Return the trace id of a well-formed `traceparent`, or of none an empty string."""
    return traceparent[3:35]
