"""A site in one file: `python -m tests.bare_site DATABASE [MODULE ...]` calls its only tool.

The named modules cannot be imported, as if they were not installed. What the tool answers is the
only line on stdout.
"""

import asyncio
import io
import sys

import django
import httpx
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.management import call_command

from django_mcp import tool
from django_mcp.asgi import mount

URL = "http://testserver/mcp"
VERSION = "2026-07-28"
REQUEST = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {
        "name": "greet",
        "arguments": {"name": "Ada"},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": VERSION,
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    },
}
HEADERS = {
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": VERSION,
    "Mcp-Method": "tools/call",
    "Mcp-Name": "greet",
}


@tool(read_only=True)
def greet(name: str) -> str:
    """Greet somebody by name."""
    return f"Hello {name}"


def configure(database: str) -> None:
    """Configure what the package needs, and nothing optional."""
    settings.configure(
        SECRET_KEY="only-for-tests",
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF="django_mcp.urls",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_mcp"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        DJANGO_MCP_URL=URL,
        DJANGO_MCP_AUTHENTICATORS=[],
        DJANGO_MCP_ALLOW_ANONYMOUS=True,
        DJANGO_MCP_ENABLE_NEW_GROUPS=True,
    )
    django.setup()
    call_command("check", stdout=io.StringIO())
    call_command("migrate", verbosity=0)


async def answer() -> str:
    """Call the tool over HTTP; return the text of its result."""
    transport = httpx.ASGITransport(app=mount(get_asgi_application()))
    async with httpx.AsyncClient(transport=transport) as client:
        response = await client.post(URL, json=REQUEST, headers=HEADERS)
    text: str = response.raise_for_status().json()["result"]["content"][0]["text"]
    return text


if __name__ == "__main__":
    # Importing a module that is None here raises ModuleNotFoundError.
    sys.modules.update(dict.fromkeys(sys.argv[2:]))  # type: ignore[arg-type]
    configure(sys.argv[1])
    print(asyncio.run(answer()))
