"""How one run of the project is set up; it reaches worker processes through the environment."""

import os
from dataclasses import dataclass
from typing import Self

BOOM_SECRET = "opensesame-7f3a"
"""Part of the message of the exception that the tool `boom` raises; no client may ever see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`auth` puts scopes on the tools and shuts anonymous callers out."""

    url: str
    database_url: str
    auth: bool = False
    record: bool = True

    @classmethod
    def from_environment(cls) -> Self:
        return cls(
            url=os.environ.get("CONFORMANCE_URL", "http://127.0.0.1:8204/mcp"),
            database_url=os.environ.get("DATABASE_URL", "sqlite://:memory:"),
            auth=os.environ.get("CONFORMANCE_AUTH") == "1",
            record=os.environ.get("CONFORMANCE_RECORD", "1") == "1",
        )

    def to_environment(self) -> dict[str, str]:
        return {
            "CONFORMANCE_URL": self.url,
            "DATABASE_URL": self.database_url,
            "CONFORMANCE_AUTH": str(int(self.auth)),
            "CONFORMANCE_RECORD": str(int(self.record)),
        }
