"""Methods of fields and serializers that are Django REST framework's own, and those of a project.

What the class of a field says of its values holds as long as nothing overrides its methods.
"""

from typing import Any

STOCK = "rest_framework."


def is_stock(instance: Any, *names: str) -> bool:
    """Return whether these methods of a field or serializer are all the framework's own."""
    return all(_module(getattr(type(instance), name, None)).startswith(STOCK) for name in names)


def stock_class(instance: Any) -> type:
    """Return the nearest class of the framework's own that a field or serializer is of."""
    return next(cls for cls in type(instance).__mro__ if cls.__module__.startswith(STOCK))


def _module(attribute: Any) -> str:
    function = attribute.fget if isinstance(attribute, property) else attribute
    # A cached property has its function as `func`.
    return getattr(getattr(function, "func", function), "__module__", None) or STOCK
