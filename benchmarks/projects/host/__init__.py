"""A project as they are: the admin, django-oauth-toolkit, REST framework, and our app or not."""
