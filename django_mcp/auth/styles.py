"""Style sheets inside the pages for users: they need no static files."""

from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Self

from django.template.backends.django import DjangoTemplates
from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleSheet:
    """Content of a `style` element, and the source that allows it in Content-Security-Policy."""

    text: SafeString
    source: str

    @classmethod
    def of(cls, engine: DjangoTemplates, name: str) -> Self:
        """Read the template of this name, which a site may have in place of the package's."""
        text = engine.get_template(name).render()
        return cls(text=mark_safe(text), source=_hash_source(text))


@lru_cache(maxsize=8)
def _hash_source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
