"""Presence of Django REST framework, which some tools need."""

from importlib.util import find_spec


def require_rest_framework(subject: str) -> None:
    """Raise `ValueError` where it is not installed, for the author of the tool.

    `subject` is what needs it, such as an option.
    """
    if find_spec("rest_framework") is None:
        raise ValueError(
            f'{subject} needs Django REST framework: pip install "django-mcp-toolkit[drf]"'
        )
