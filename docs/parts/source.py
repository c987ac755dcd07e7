"""The source of the package as a tree: what it says, and not how Python happens to print it."""

import ast
import copy
import inspect
import re
from types import ModuleType

DEFAULT = re.compile(r"(?<=[\w\]])=(?=\S)")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(node: ast.Module | ast.ClassDef) -> dict[str, Function]:
    """The functions of a module or class; of overloads the last, which is the function itself."""
    return {each.name: each for each in node.body if isinstance(each, Function)}


def class_of(cls: type) -> ast.ClassDef:
    """Where a class is written."""
    tree = tree_of(inspect.getmodule(cls))
    return next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == cls.__name__)


def tree_of(module: ModuleType | None) -> ast.Module:
    """A module."""
    assert module is not None
    return ast.parse(inspect.getsource(module))


def written(node: ast.AST | None) -> str:
    """An expression, or the parameters of a function, as people write them."""
    text = "" if node is None else ast.unparse(_Unquoted().visit(copy.deepcopy(node)))
    return text.replace("'", '"')


def annotation(node: ast.expr | None) -> str:
    """An annotation, without the quotes around one that is a string."""
    return "" if node is None else written(_unquoted(node))


def call_of(name: str, function: Function) -> str:
    """How a function is called, and what it returns."""
    parameters = re.sub(r"^(?:self|cls)(?:, )?", "", written(function.args)).removeprefix("/, ")
    parameters = DEFAULT.sub(" = ", parameters)
    returns = f" -> {annotation(function.returns)}" if function.returns else ""
    decorators = {each.id for each in function.decorator_list if isinstance(each, ast.Name)}
    if "property" in decorators:
        return f"{name}{returns}"
    prefix = "await " if isinstance(function, ast.AsyncFunctionDef) else ""
    return f"{prefix}{name}({parameters}){returns}"


class _Unquoted(ast.NodeTransformer):
    """Takes the quotes off annotations that are strings."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        if node.annotation is not None:
            node.annotation = _unquoted(node.annotation)
        return node


def _unquoted(node: ast.expr) -> ast.expr:
    is_quoted = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return ast.parse(ast.literal_eval(node), mode="eval").body if is_quoted else node
