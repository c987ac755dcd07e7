"""Throttles of the API. Tests change `RATES`, which every request reads."""

from rest_framework.throttling import AnonRateThrottle, ScopedRateThrottle, UserRateThrottle

RATES: dict[str, str | None] = {
    "user": "10000/min",
    "anon": "10000/min",
    "reports": "10000/min",
}


class UserThrottle(UserRateThrottle):
    THROTTLE_RATES = RATES


class AnonThrottle(AnonRateThrottle):
    THROTTLE_RATES = RATES


class ScopedThrottle(ScopedRateThrottle):
    THROTTLE_RATES = RATES
