"""Browser of a user of the site, which signs in by the form."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin

import httpx2

from example_project.demo import accounts

PATIENCE = 60.0
"""Seconds after which a person would give up, too."""


@asynccontextmanager
async def signed_in(
    url: str, username: str, password: str = ""
) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser with the session of this user, at the site of this URL.

    The password is that of the demo's users, if none is given.
    """
    async with httpx2.AsyncClient(timeout=PATIENCE, trust_env=False) as browser:
        login = urljoin(url, "/accounts/login/")
        form = {"username": username, "password": password or accounts.DEMO.password}
        await submit(browser, login, form)
        yield browser


async def submit(
    browser: httpx2.AsyncClient,
    page: str,
    form: Mapping[str, str],
    files: Mapping[str, Any] | None = None,
) -> httpx2.Response:
    """Open a page with a form, and send that."""
    await browser.get(page)
    token = browser.cookies.get("csrftoken") or ""
    return await browser.post(page, data={**form, "csrfmiddlewaretoken": token}, files=files)
