"""Settings that name a sync function by its dotted path."""

from asgiref.sync import iscoroutinefunction
from django.utils.module_loading import import_string


def function_problem(path: str) -> str:
    """Return why a path names no sync function, to follow the setting's name; empty if it does."""
    try:
        function = import_string(path)
    except Exception as error:  # noqa: BLE001  (a check tells, whatever it is)
        return f"names {path!r}, which cannot be imported: {error}"
    if not callable(function):
        return f"names {path!r}, which cannot be called"
    if iscoroutinefunction(function):
        return f"names {path!r}, which is async"
    return ""
