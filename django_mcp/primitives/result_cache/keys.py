"""Keys of what is kept in the cache, and of the generations that it belongs to."""

import json
from typing import Any

from django.utils.crypto import salted_hmac

from django_mcp.kinds import Key

SALT = "django_mcp.cache"

RIGHTS = "rights"
"""Generation that ends when the rights of a user change, or those of a group of users."""


def cache_key(*parts: Any) -> str:
    """Return the key of these parts, which are JSON: no others have it, and it reveals none.

    It is fit for any cache, and another site's, with another `SECRET_KEY`, is another one.
    """
    text = json.dumps(parts, sort_keys=True)
    return f"django-mcp:cache:{salted_hmac(SALT, text, algorithm='sha256').hexdigest()}"


def identity_of(user: Any) -> list[str]:
    """Return what identifies a user among all: the model, and the primary key."""
    model = user._meta.concrete_model
    return [model._meta.label_lower, str(user.pk)]


def generation_of(key: Key | str, user: list[str] | None = None) -> str:
    """Return the key of the generation of a primitive, or of the rights, for one user or all."""
    return cache_key("generation", key, user)
