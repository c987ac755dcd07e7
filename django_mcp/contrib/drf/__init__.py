"""Django REST framework: its views as tools. Import it in a module that declares tools."""

from django_mcp.contrib.drf.declaration import expose

__all__ = ["expose"]
