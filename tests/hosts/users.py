"""Who uses the hosts."""

USERNAME = "ada@desk.example"
PASSWORD = "only-for-tests"
SCOPES = "desk:read desk:write"
