"""JSON Schema of values that may be null."""

from django_mcp.schemas.json_schema import JSONSchema

NULL: JSONSchema = {"type": "null"}

ANNOTATIONS = ("description", "default")


def nullable(schema: JSONSchema, *, is_null: bool = True) -> JSONSchema:
    """Return the schema of such values or null; the schema itself unless `is_null`."""
    if not is_null or not is_narrow(schema):
        return schema
    annotations = {key: schema[key] for key in ANNOTATIONS if key in schema}
    value = {key: schema[key] for key in schema if key not in ANNOTATIONS}
    alternatives = [*value["anyOf"]] if value.keys() == {"anyOf"} else [value]
    if NULL not in alternatives:
        alternatives.append(NULL)
    return {"anyOf": alternatives, **annotations}


def not_nullable(schema: JSONSchema) -> JSONSchema:
    """Return the schema of the same values without null."""
    others = [each for each in schema.get("anyOf", ()) if each != NULL]
    if NULL not in schema.get("anyOf", ()):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**others[0], **rest} if len(others) == 1 else {**rest, "anyOf": others}


def is_narrow(schema: JSONSchema) -> bool:
    """Return whether a schema rules out any value; annotations alone do not."""
    return bool(schema.keys() - set(ANNOTATIONS)) and schema.get("type") != "null"
