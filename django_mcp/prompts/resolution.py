"""Resolution of a `PromptDeclaration` into a `Prompt`."""

from django_mcp.completions.completer import read_completers
from django_mcp.primitives.resolution import Resolution
from django_mcp.prompts.declaration import PromptDeclaration
from django_mcp.prompts.output import MessagesOutput, returned_problems
from django_mcp.prompts.prompt import Prompt
from django_mcp.schemas.input.function_signature import read_signature


def resolve(declaration: PromptDeclaration) -> Prompt:
    """Return the prompt of a declaration. Raises `ValueError` with all problems, for its author."""
    resolution = Resolution(declaration)
    shared = resolution.shared_fields()
    signature = resolution.attempt(
        read_signature,
        declaration.function,
        descriptions=resolution.documentation.parameters,
        schema_extra=None,
    )
    resolution.problems += returned_problems(declaration.function)
    completers = None
    if signature is not None:
        arguments = signature.input_schema["properties"]
        completers = resolution.attempt(read_completers, declaration.complete, arguments)
    if resolution.problems or signature is None or completers is None:
        raise resolution.error()
    return Prompt(
        **shared,
        read_only=True,
        signature=signature,
        output=MessagesOutput(),
        completers=completers,
    )
