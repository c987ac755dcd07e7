"""Idempotency keys of calls: the key that was sent, its scope, and a digest of the arguments."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings as django_settings
from django.utils.crypto import salted_hmac

from django_mcp.audit.recorded_call import user_key
from django_mcp.calls.call import Call
from django_mcp.conf import settings
from django_mcp.exceptions import InvalidArgumentsError, Violation
from django_mcp.meta_keys import IDEMPOTENCY_KEY_META_KEY
from django_mcp.policy.callers import digest
from django_mcp.primitives.primitive import Primitive
from django_mcp.tools.tool import Tool

KEY = re.compile(r"[\x20-\x7e]{1,128}")

META_PATH = f'_meta["{IDEMPOTENCY_KEY_META_KEY}"]'


def may_have_key(call: Call) -> bool:
    """Return whether something was sent for a key, to a tool that takes one."""
    tool = call.target
    return isinstance(tool, Tool) and not tool.read_only and bool(_sent(call, tool))


def sent_key(call: Call) -> str:
    """Return the key of a call; empty without one, and for what only reads.

    Raises `InvalidArgumentsError` for what is no key, and for two of them.
    """
    if not may_have_key(call):
        return ""
    (path, key), *others = _sent(call, call.tool).items()
    if others:
        (name, _), *_ = others
        raise _refused(path, f"the key is in {name!r} already: send it once")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        reason = "as an idempotency key it must be 1 to 128 printable ASCII characters"
        raise _refused(path, reason)
    return key


def scope_of(call: Call, key: str) -> str:
    """Return a digest of what a key is unique for: endpoint, user, client, tool and key.

    An anonymous caller without a client counts by its address.
    """
    principal, invocation = call.principal, call.invocation
    is_anonymous = principal.user is None and not principal.client_id
    parts = [
        principal.endpoint.name,
        user_key(principal),
        principal.client_id,
        invocation.address if is_anonymous else "",
        call.tool.name,
        key,
    ]
    # By no secret: a key must be found again after the secret of the site has changed.
    return digest(*parts)


def argument_digests(call: Call) -> list[str]:
    """Return the digests of the arguments as they were sent, one by each secret key of the site.

    The first is by the current one. Without the key, arguments of few possible values, such as a
    PIN, could be found out from their digest.
    """
    text = json.dumps(_compared(call.invocation.arguments, call.tool), sort_keys=True)
    secrets = (django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS)
    return [
        salted_hmac(__name__, text, secret=secret, algorithm="sha256").hexdigest()
        for secret in secrets
    ]


def _sent(call: Call, tool: Tool) -> dict[str, Any]:
    """Return what was sent as a key, by the place where it was found."""
    invocation = call.invocation
    sent = {META_PATH: invocation.idempotency_key}
    if tool.idempotency_key is not None:
        sent[tool.idempotency_key] = invocation.arguments.get(tool.idempotency_key)
    return {path: each for path, each in sent.items() if each is not None}


def _compared(arguments: Mapping[str, Any], primitive: Primitive) -> dict[str, Any]:
    """Return the arguments without those that the site ignores, which differ at each call."""
    ignored = set(settings.IGNORED_ARGUMENTS) - set(primitive.argument_names)
    return {name: value for name, value in arguments.items() if name not in ignored}


def _refused(path: str, reason: str) -> InvalidArgumentsError:
    return InvalidArgumentsError([Violation(path=path, reason=reason)])
