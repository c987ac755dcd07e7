"""Headers that scripts on pages may send to the endpoint; imports nothing of the SDK."""

REQUEST_HEADERS = (
    "authorization",
    "content-type",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
)
