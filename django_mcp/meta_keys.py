"""Keys of the package's own in the `_meta` of messages."""

CALL_ID_META_KEY = "django-mcp/call-id"
"""In the `_meta` of every result of a call, read or get: the id under which it is on record."""

IDEMPOTENCY_KEY_META_KEY = "django-mcp/idempotency-key"
"""In the `_meta` of a `tools/call`: the key under which a tool that writes is run once."""

REPEATED_META_KEY = "django-mcp/repeated"
"""In the `_meta` of a result, true: it is the answer to an earlier call with the same key."""
RATE_LIMITS_META_KEY = "django-mcp/rate-limits"
"""In the `_meta` of definitions: the caller's limits, each `{limit, seconds, per, of}`.

In the `_meta` of results the same, with what is left: `remaining` calls, and the seconds until the
limit begins anew, `resets_in`.
"""

ERROR_META_KEY = "django-mcp/error"
"""In the `_meta` of a failed call's result: `{kind, error, retryable, hint, retry_after}`.

`kind` is the outcome in the record of the call. JSON-RPC errors have it in their `data`.

Not in `structuredContent`: clients validate that against the tool's output schema even when it is
an error, and would then hide the message.
"""

TRUNCATED_META_KEY = "django-mcp/truncated"
"""In the `_meta` of a result that was shortened to whole rows: `{returned, remaining, hint}`.

`remaining` is null where only reading everything would tell, and `hint` says how to get the rest.
"""

BUDGET_META_KEY = "django-mcp/budget"
"""In the `_meta` of a result: the export budgets of which the caller has used 80 % or more.

Each is `{unit, period, scope, used, limit, renews}`: `used` of `limit` `rows` or `bytes`, the unit,
are taken out in this `hour` or `day`, with this result, over `all` or the `group` of what was
called; the next period begins at `renews`, in ISO 8601. Absent while there is none.
"""

STORED_META_KEY = "django-mcp/stored"
"""In the `_meta` of a result that was stored, for its size: `{bytes, parts, expires}`.

The parts are linked to in its content and, where the tool has an output schema, listed under this
key in `structuredContent`, in place of the result.
"""
