"""The headers that scripts on pages may send to the endpoint; it needs nothing of the SDK."""

REQUEST_HEADERS = (
    "authorization",
    "content-type",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
)
