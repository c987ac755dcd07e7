"""Django REST framework: its views and serializers as tools."""
