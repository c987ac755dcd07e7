"""Redaction of URIs by which no resource was found."""

import re

from django_mcp.audit.redaction import REDACTED, secret_arguments
from django_mcp.resources.routes import templates

USER_INFORMATION = re.compile(r"(?<=//)[^/?#]*@")
AFTER_PATH = re.compile(r"(?<=[?#]).+", re.DOTALL)


def redacted_uri(uri: str) -> str:
    """Return a URI as it may be stored, although nothing says what its parts mean.

    Left out are the user information, the query and the fragment, and everything from the place
    on where a template, of a resource that may be hidden, has a variable, if one of them is secret.
    """
    folded = uri.casefold()
    for each in templates():
        start = each.uri.partition("{")[0]
        if folded.startswith(start.casefold()):
            variables = dict.fromkeys(each.pattern.variables, "")
            if secret_arguments(variables, each.argument_schema):
                return f"{start}{REDACTED}"
    return AFTER_PATH.sub(REDACTED, USER_INFORMATION.sub(f"{REDACTED}@", uri))
