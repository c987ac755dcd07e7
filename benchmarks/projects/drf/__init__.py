"""Django REST framework with the classes of django-oauth-toolkit."""
