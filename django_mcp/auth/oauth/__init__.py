"""OAuth with django-oauth-toolkit: authenticator, validator, metadata and scopes."""
