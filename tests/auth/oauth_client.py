"""A client of OAuth as assistants are, and the browser in which its user consents."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from oauth2_provider.models import get_application_model
from oauthlib.common import generate_token

VERIFIER = "correct-horse-battery-staple-" * 2
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)

CALLBACK = "https://desk.example/callback"
ENDPOINT = "http://testserver/mcp"

Response = Any
"""What Django's test client answers."""


def registered(**values: Any) -> Any:
    """An application that has registered itself, unless `values` say otherwise."""
    model = get_application_model()
    return model.objects.create(
        **{
            "client_id": generate_token(20),
            "name": "Desk",
            "redirect_uris": CALLBACK,
            "client_type": model.CLIENT_PUBLIC,
            "authorization_grant_type": model.GRANT_AUTHORIZATION_CODE,
            "registration_source": model.RegistrationSource.DCR,
            **values,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """Asks as it should, unless a test says otherwise; None leaves a parameter out."""

    client_id: str
    secret: str = ""
    user: User | None = None
    redirect_uri: str = CALLBACK
    scope: str | None = "notes:read"
    browser: Browser = field(default_factory=Browser)

    def open(self, **changes: Any) -> Response:
        """Send the user to the authorization page."""
        if self.user is not None:
            self.browser.force_login(self.user)
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": "s1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "resource": ENDPOINT,
            **changes,
        }
        return self.browser.get(reverse("oauth2_provider:authorize"), _present(parameters))

    def ask(self, *, form: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, str]:
        """Let the user consent, and return what came back; `form` is what the page was bent to."""
        page = self.open(**changes)
        if page.status_code == 200:
            values = {**_Form.read(page.content.decode()), "allow": "true", **(form or {})}
            path = page.request["PATH_INFO"]
            query = page.request["QUERY_STRING"]
            page = self.browser.post(f"{path}?{query}", _present(values))
        location = page["Location"] if page.status_code == 302 else onward(page)
        return dict(parse_qsl(urlsplit(location).query))

    def redeem(self, code: str, **changes: Any) -> Response:
        """Exchange a code."""
        return self.post(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect_uri,
                "code_verifier": VERIFIER,
                **changes,
            }
        )

    def refresh(self, token: str, **changes: Any) -> Response:
        """Exchange a refresh token."""
        return self.post({"grant_type": "refresh_token", "refresh_token": token, **changes})

    def post(self, parameters: Mapping[str, Any]) -> Response:
        """Ask the token endpoint for anything."""
        who = {"client_id": self.client_id, "client_secret": self.secret or None}
        # A browser of its own: the endpoint must not depend on whose cookies come along.
        return Browser().post(reverse("oauth2_provider:token"), _present({**who, **parameters}))

    def log_in(self, **changes: Any) -> dict[str, Any]:
        """Go the whole way to a pair of tokens."""
        answered = self.ask(**changes)
        assert "code" in answered, answered
        response = self.redeem(answered["code"])
        assert response.status_code == 200, response.content
        tokens: dict[str, Any] = response.json()
        return tokens


def error_of(response: Response) -> str:
    """The error that an endpoint of OAuth answers, which must be a plain refusal."""
    assert response.status_code in (400, 401), (response.status_code, response.content)
    error: str = response.json()["error"]
    return error


def onward(response: Response) -> str:
    """Where the link of a page leads that users see instead of being sent on."""
    assert response.status_code == 400, (response.status_code, response.content)
    (link,) = re.findall(
        r'<a class="mcp-button" href="([^"]*)" rel="noreferrer">', response.content.decode()
    )
    return unescape(link)


def _present(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}


class _Form(HTMLParser):
    """What a browser would send of the form on a page, without pressing a button."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}

    @classmethod
    def read(cls, page: str) -> dict[str, Any]:
        parser = cls()
        parser.feed(page)
        return parser.values

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        name, kind = values.get("name"), values.get("type", "text")
        if tag != "input" or not name or kind in ("submit", "button"):
            return
        if kind == "checkbox":
            if "checked" in values:
                self.values.setdefault(name, []).append(values.get("value") or "on")
        else:
            self.values[name] = values.get("value") or ""
