"""The admin of background tasks."""
