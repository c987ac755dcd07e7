from typing import Any

from django.db.models import Model

RECORDS = "records"


class RecordRouter:
    """Keeps the record of calls, and nothing else, in the database `records`."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return RECORDS if model._meta.label == "django_mcp.CallRecord" else None

    db_for_write = db_for_read

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool:
        is_record = (app_label, model_name) == ("django_mcp", "callrecord")
        return is_record is (db == RECORDS)
