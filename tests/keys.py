"""An authenticator of the tests' own, as a host with its own credentials would write one."""

from django.contrib.auth import get_user_model

from django_mcp.auth.authenticators import Challenge
from django_mcp.endpoints import Endpoint
from django_mcp.exceptions import InvalidCredentialsError
from django_mcp.peers import Peer
from django_mcp.principals import Principal

PATH = "tests.keys.KeyAuthenticator"


class KeyAuthenticator:
    """Believes `Authorization: Key USERNAME [SCOPE ...]`; `-` is a caller without a user."""

    credential_headers = ("authorization",)

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        words = peer.headers.get("authorization", "").split()
        if words[:1] != ["Key"] or len(words) < 2:
            return None
        username, *scopes = words[1:]
        user = get_user_model().objects.filter(username=username).first()
        if user is None and username != "-":
            raise InvalidCredentialsError
        return Principal(
            endpoint=endpoint,
            user=user,
            client_id="key-client",
            client_name="Key client",
            scopes=frozenset(scopes),
            credential=f"key of {username}",
        )

    def challenge(self, challenge: Challenge, endpoint: Endpoint) -> str:
        return f'Key realm="{endpoint.name}", scope="{" ".join(sorted(challenge.scopes))}"'


class TerseAuthenticator(KeyAuthenticator):
    """Looks keys up by `credential`, and returns principals of its own that leave it out."""

    def renew(self, principal: Principal) -> Principal:
        if not principal.credential:
            raise InvalidCredentialsError
        return Principal(endpoint=principal.endpoint, user=principal.user, client_id="key-client")
