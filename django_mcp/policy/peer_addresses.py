"""IP addresses of the clients that send requests, also behind a proxy."""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)


def peer_address(meta: Mapping[str, Any]) -> str:
    """Return the address of a client, as `RATELIMIT_IP_META_KEY` finds it in the headers of WSGI.

    Empty where there is none. What is found may be no address: a header is what its sender says.
    django-ratelimit has no public function for it, is an optional package, and knows networks alone
    of IPv6.
    """
    source = getattr(settings, "RATELIMIT_IP_META_KEY", None) or "REMOTE_ADDR"
    try:
        if isinstance(source, str) and "." in source:
            source = import_string(source)
        if callable(source):
            request = HttpRequest()
            request.META = dict(meta)
            return str(source(request) or "")
    except Exception:  # it is the project's own
        logger.exception("RATELIMIT_IP_META_KEY failed")
        return ""
    return str(meta.get(source, ""))
