"""Nobody reads a page without a login, tokens are stored as hashes, requests are transactions."""

from tests.hosts import base
from tests.hosts.base import *  # noqa: F403

MIDDLEWARE = [*base.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
DATABASES = {"default": {**base.DATABASES["default"], "ATOMIC_REQUESTS": True}}
OAUTH2_PROVIDER = {
    **base.OAUTH2_PROVIDER,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
}
