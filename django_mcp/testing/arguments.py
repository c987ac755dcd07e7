"""Arguments as clients send them: as JSON to tools, as text to prompts."""

import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


def as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON; dates, decimals and UUIDs become strings."""
    sent: dict[str, Any] = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
    return sent


def as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return values as texts: of strings themselves, of others their JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in as_json(values).items()
    }
