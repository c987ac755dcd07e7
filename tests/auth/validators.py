"""Validators in which something happens between two steps of one request, as it may at any time."""

from collections.abc import Callable
from typing import Any

from django_mcp.auth.oauth.validator import EndpointValidator

meanwhile: Callable[[], object] = lambda: None  # noqa: E731  (tests put another in its place)
"""What happens, each time that a validator here gets so far."""


class AfterCodeWasSeen(EndpointValidator):
    def validate_code(self, *args: Any, **kwargs: Any) -> bool:
        is_valid = super().validate_code(*args, **kwargs)
        meanwhile()
        return is_valid


class AfterChallengeWasSeen(EndpointValidator):
    def get_code_challenge(self, *args: Any, **kwargs: Any) -> Any:
        challenge = super().get_code_challenge(*args, **kwargs)
        meanwhile()
        return challenge


class BeforeTokensAreStored(EndpointValidator):
    def save_bearer_token(self, *args: Any, **kwargs: Any) -> None:
        meanwhile()
        super().save_bearer_token(*args, **kwargs)


class AfterTokensWereStored(EndpointValidator):
    def save_bearer_token(self, *args: Any, **kwargs: Any) -> None:
        super().save_bearer_token(*args, **kwargs)
        meanwhile()


class AfterRefreshTokenWasSeen(EndpointValidator):
    def validate_refresh_token(self, *args: Any, **kwargs: Any) -> bool:
        is_valid = super().validate_refresh_token(*args, **kwargs)
        meanwhile()
        return is_valid
