"""OAuth through django-oauth-toolkit: authenticator, validator, metadata and scopes."""
