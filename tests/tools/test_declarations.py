"""What `@tool` accepts, and how it reports what it does not."""

import functools
import inspect
import math
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AbstractUser, Group, User
from django.core.handlers.wsgi import WSGIRequest
from django.db.models import QuerySet
from django.http import JsonResponse
from django.test.utils import isolate_apps
from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType

from django_mcp import Icon, Image, Retry, Text, ToolContext, prompt, resource, tool
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from django_mcp.testing import MCPClient
from django_mcp.tools.background import Background
from django_mcp.tools.tool import Tool
from tests.calls import offering
from tests.tools.single_tools import resolved, unlocated

if TYPE_CHECKING:
    from fractions import Fraction

    class OnlyForCheckers: ...


def problems(*functions: Callable[..., Any], **options: Any) -> list[str]:
    """What is reported of tools with these options, without module, file and line."""
    with collecting() as declared:
        for function in functions:
            tool(**options)(function)
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)
    assert all(problem in str(caught.value) for problem in caught.value.problems)
    return [unlocated(each).removeprefix(f"{__name__}.") for each in caught.value.problems]


def fine(amount: int) -> int:
    """Do something."""
    return amount


# How tools are declared.


def test_bare_decorator_declares_the_function_and_returns_it() -> None:
    with collecting() as declared:
        decorated = tool(fine)

    assert decorated is fine
    assert decorated(3) == 3
    assert [each.dotted_name for each in declared] == [f"{__name__}.fine"]


def test_options_reach_the_tool() -> None:
    icon = Icon(src="https://shop.example/icon.png")
    found = resolved(
        fine,
        name="Fine-2_x",
        title="Fine",
        description="Does it.",
        group="money.all",
        scopes=["a:read", "a:write"],
        permissions=["shop.add_order"],
        destructive=False,
        idempotent=True,
        open_world=False,
        atomic=False,
        icons=[icon],
    )

    assert (found.name, found.title, found.description) == ("Fine-2_x", "Fine", "Does it.")
    assert (found.group, sorted(found.scopes)) == ("money.all", ["a:read", "a:write"])
    assert found.permissions == ("shop.add_order",)
    assert (found.read_only, found.destructive, found.idempotent) == (False, False, True)
    assert (found.open_world, found.atomic, found.icons) == (False, None, (icon,))


@pytest.mark.parametrize(
    ("options", "atomic"),
    [
        ({}, "default"),
        ({"read_only": True}, None),
        ({"read_only": True, "atomic": True}, "default"),
        ({"atomic": "default"}, "default"),
        ({"atomic": False}, None),
    ],
)
def test_sync_tools_that_write_run_in_a_transaction_unless_told_otherwise(
    options: dict[str, Any], atomic: str | None
) -> None:
    assert resolved(fine, **options).atomic == atomic


@pytest.mark.parametrize("options", [{}, {"atomic": False}])
def test_async_tools_run_in_no_transaction(options: dict[str, Any]) -> None:
    async def wait() -> None:
        """Wait."""

    assert resolved(wait, **options).atomic is None


def test_one_scope_permission_or_field_may_be_a_plain_string() -> None:
    def find() -> Group:
        """Find a group."""
        return Group(id=1, name="one")

    found = resolved(find, scopes="a:read", permissions="auth.view_group", fields="name")

    assert found.scopes == {"a:read"}
    assert found.permissions == ("auth.view_group",)
    assert found.output_schema is not None
    assert list(found.output_schema["properties"]) == ["name"]


def test_methods_of_a_class_can_be_tools_when_static() -> None:
    class Service:
        @tool
        @staticmethod
        def double(number: int) -> int:
            """Double a number."""
            return 2 * number

    assert Service.double(4) == 8


def add(first: int, second: int) -> int:
    """Add two numbers."""
    return first + second


class Adding:
    """Add, as configured."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, first: int) -> int:
        return first + self.number

    def add_to(self, first: int) -> int:
        """Add two numbers."""
        return first + self.number

    async def aadd_to(self, first: int) -> int:
        """Add two numbers."""
        return first + self.number

    @classmethod
    def make(cls, first: int) -> int:
        """Add two numbers."""
        return cls(3)(first)

    @staticmethod
    def add_three(first: int) -> int:
        """Add two numbers."""
        return first + 3

    @property
    def double(self) -> int:
        return 2 * self.number


class AsyncAdding(Adding):
    async def __call__(self, first: int) -> int:  # type: ignore[override]
        """Add two numbers."""
        return first + self.number


@pytest.mark.parametrize(
    ("function", "name", "where", "description"),
    [
        (partial(add, second=3), "add", "add", "Add two numbers."),
        (partial(partial(add), second=3), "add", "add", "Add two numbers."),
        (partial(Adding(3)), "adds", "Adding.__call__", "Add, as configured."),
        (Adding(3), "adds", "Adding.__call__", "Add, as configured."),
        (AsyncAdding(3), "adds", "AsyncAdding.__call__", "Add two numbers."),
        (partial(AsyncAdding(3).aadd_to), "aadd_to", "Adding.aadd_to", "Add two numbers."),
        (Adding(3).add_to, "add_to", "Adding.add_to", "Add two numbers."),
        (Adding(3).aadd_to, "aadd_to", "Adding.aadd_to", "Add two numbers."),
        (Adding.make, "make", "Adding.make", "Add two numbers."),
        (Adding.add_three, "add_three", "Adding.add_three", "Add two numbers."),
        (functools.cache(Adding.add_three), "add_three", "Adding.add_three", "Add two numbers."),
    ],
)
@pytest.mark.django_db
def test_partials_objects_and_bound_methods_can_be_tools(
    function: Callable[..., Any], name: str, where: str, description: str
) -> None:
    has_name = name != "adds"
    with offering(function, name=None if has_name else name) as registry:
        found = registry.of(Tool)[name]
        result = MCPClient().call(name, first=2)

    assert (result.data, result.is_error) == (5, False)
    assert found.dotted_name == f"{__name__}.{where}"
    assert found.description == description
    assert found.input_schema["properties"]["first"] == {"type": "integer"}


@pytest.mark.parametrize(
    "annotation",
    [
        User,
        AbstractUser,
        AbstractBaseUser,
        Annotated[User, "who calls"],
        User | None,
        TypeAliasType("Caller", User),
    ],
)
@pytest.mark.django_db
def test_caller_and_context_are_filled_and_hidden(annotation: Any) -> None:
    user = User.objects.create_user("ann")

    def whoami(owner: Any, context: Any, number: int) -> str:
        """Say who calls."""
        assert isinstance(context, ToolContext)
        return f"{owner} {number}"

    whoami.__annotations__ = {
        "owner": annotation,
        "context": ToolContext,
        "number": int,
        "return": str,
    }
    with offering(whoami) as registry:
        result = MCPClient(user).call("whoami", number=5)

        assert result.data == "ann 5"
        assert list(registry.of(Tool)["whoami"].input_schema["properties"]) == ["number"]


@pytest.mark.parametrize("name", ["owner", "context"])
@pytest.mark.django_db
def test_clients_cannot_fill_what_the_server_fills(name: str) -> None:
    def whoami(owner: User | None, context: ToolContext) -> str:
        """Say who calls."""
        return str(owner)

    with offering(whoami):
        result = MCPClient().call("whoami", **{name: 1})

    assert result.is_error
    assert result.error["hint"] == f"- {name}: is not known here; remove it"


def test_declaring_loads_no_pydantic_and_reads_no_settings() -> None:
    program = """
        import sys
        from typing import TYPE_CHECKING

        from django_mcp import tool
        if TYPE_CHECKING:
            from nowhere import Nothing

        @tool(scopes=["a"], fields=["id"])
        def act(what: "Nothing") -> "Nothing":
            "Act."
            return what

        assert act(3) == 3
        unwanted = {"pydantic", "mcp", "mcp_types", "jsonschema_rs", "django.db.models"}
        print(sorted(unwanted & set(sys.modules)))
        from django.conf import settings
        print(settings.configured)
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )

    assert ran.stdout.split("\n") == ["[]", "False", ""]


# What is refused. Each of these functions has one mistake, and says it by its name.


def unannotated(amount) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Do it."""


def variadic(*amounts: int) -> None:
    """Do it."""


def keywords(**amounts: int) -> None:
    """Do it."""


def positional(amount: int, /) -> None:
    """Do it."""


def two_users(owner: User, other: AbstractBaseUser | None) -> None:
    """Do it."""


def two_contexts(one: ToolContext, two: ToolContext) -> None:
    """Do it."""


def undescribed(amount: int) -> None: ...


def takes_model(group: Group) -> None:
    """Do it."""


def takes_models(groups: list[Group]) -> None:
    """Do it."""


def takes_function(call: Callable[[int], int]) -> None:
    """Do it."""


def takes_field(amount: int = Field(3)) -> None:
    """Do it."""


def takes_invisible(amount: "Fraction") -> None:
    """Do it."""


def returns_invisible() -> "OnlyForCheckers":
    """Do it."""
    raise NotImplementedError


def returns_model() -> Group:
    """Do it."""
    return Group()


def returns_queryset() -> QuerySet[Group]:
    """Do it."""
    return Group.objects.all()


def returns_mapping_of_models() -> dict[str, Group]:
    """Do it."""
    return {}


def returns_optional_models() -> list[Group] | None:
    """Do it."""
    return None


def returns_either() -> Text | int:
    """Do it."""
    return 3


def returns_function() -> Callable[[], None]:
    """Do it."""
    return lambda: None


def generates() -> Iterator[int]:
    """Do it."""
    yield 1


async def agenerates() -> AsyncIterator[int]:
    """Do it."""
    yield 1


def takes_request(request: WSGIRequest | None, name: str) -> None:
    """Do it."""


def bare_request(request) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Do it."""


def bare_user(user) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Do it."""


def returns_response() -> dict[str, int] | JsonResponse:
    """Do it."""
    raise NotImplementedError


async def waits() -> None:
    """Do it."""


def final(amount: "Final[int]") -> None:  # type: ignore[valid-type]
    """Do it."""


def looks_around(text: Annotated[str, Field(pattern="(?<=a)b")]) -> None:
    """Do it."""


def of_nothing() -> bool:
    return True


def of_both(user: object, principal: object) -> bool:
    return True


def of_more(user: object, product: object) -> bool:
    return True


def by_position(user: object, /) -> bool:
    return True


async def asks_later(user: object) -> bool:
    return True


class AsksLater:
    async def __call__(self, user: object) -> bool:
        return True


def yields(user: object) -> Iterator[bool]:
    yield True


def takes_no_types(five: Any, one: Any, amount: int) -> None:
    """Take what is annotated with values."""


takes_no_types.__annotations__ |= {"five": 5, "one": (1,)}


class Later(BaseModel):
    when: "Fraction"
    kind: ClassVar[str] = "later"


def takes_unfinished_model(later: Later) -> None:
    """Do it."""


def defaults_below(size: Annotated[int, Field(ge=1)] = 0) -> None:
    """Take a default that is too small."""


def defaults_beside(kind: Literal["a", "b"] = "c") -> None:  # type: ignore[assignment]
    """Take a default that is none of the choices."""


class Careless(BaseModel):
    quantity: Annotated[int, Field(ge=1)] = 0


def defaults_within(lines: list[Careless]) -> None:
    """Take a model with such a default."""


def defaults_twice(size: Annotated[int, Field(default=5)] = 6) -> None:
    """Take one default from clients and another from Python."""


def defaults_twice_by_factory(size: Annotated[int, Field(default_factory=int)] = 6) -> None:
    """Take one default from clients and another from Python."""


def one_alias(
    size: Annotated[int, Field(alias="limit")], width: Annotated[int, Field(alias="limit")]
) -> list[int]:
    """Take two parameters by one name."""
    return [size, width]


@pytest.mark.parametrize(
    ("function", "options", "problem"),
    [
        (unannotated, {}, "parameter 'amount' has no annotation"),
        (takes_no_types, {}, "parameter 'five': 5 is no type; parameter 'one': (1,) is no type"),
        (variadic, {}, "parameter 'amounts' must be an ordinary named parameter"),
        (keywords, {}, "parameter 'amounts' must be an ordinary named parameter"),
        (positional, {}, "parameter 'amount' must be an ordinary named parameter"),
        (two_users, {}, "has two user parameters: owner, other"),
        (two_contexts, {}, "has two ToolContext parameters: one, two"),
        (undescribed, {}, "has no description: write a docstring, it is what the agent goes by"),
        (undescribed, {"description": " "}, "has no description"),
        (
            takes_model,
            {},
            "parameter 'group' is of the model Group, which no client can send: take its",
        ),
        (takes_models, {}, "' has no JSON form: Unable to generate"),
        (takes_function, {}, "' has no JSON form: Cannot generate a JsonSchema"),
        (takes_request, {}, "parameter 'request': there is no request; annotate a parameter"),
        (bare_request, {}, "parameter 'request' has no annotation: there is no request; ann"),
        (
            bare_user,
            {},
            (
                "parameter 'user' has no annotation: annotate it with the user model "
                "(django.contrib.auth.models.User) to be given the caller"
            ),
        ),
        (returns_response, {}, "it returns an HTTP response: return the data, such as serializer"),
        (takes_field, {}, "parameter 'amount': write Annotated[..., Field(...)] instead"),
        (takes_invisible, {}, "its annotations name 'Fraction', which does not exist when the"),
        (takes_unfinished_model, {}, "its annotations name 'Fraction', which does not exist"),
        (returns_invisible, {}, "under TYPE_CHECKING, move that import out of it"),
        (returns_model, {}, "it returns a Django model, so fields must say what to show"),
        (returns_queryset, {}, "it returns a Django model, so fields must say what to show"),
        (returns_model, {"fields": ["id", "no"]}, "'no': Group has no such field or prop"),
        (returns_model, {"fields": ["permissions__group"]}, "goes through two relations to many"),
        (
            returns_model,
            {"fields": ["nmae"]},
            "such field or property. Did you mean 'name'? What a",
        ),
        (returns_model, {"fields": ["nmae__x"]}, "no field 'nmae'. Did you mean 'name'?"),
        (returns_model, {"fields": {"a": "no"}}, "'no': Group has no such field or property"),
        (returns_model, {"fields": {"a": 1}}, "fields are names of fields, or a mapping of"),
        (returns_model, {"fields": {1: "id"}}, "fields are names of fields, or a mapping of"),
        (returns_model, {"fields": ["name__x"]}, "'name' of Group is no relation"),
        (returns_model, {"fields": ["id__"]}, "'id__' ends in two underscores"),
        (returns_model, {"fields": ["natural_key"]}, "no such field or property"),
        (returns_mapping_of_models, {}, "its result has no JSON form: Unable to generate"),
        (returns_mapping_of_models, {"fields": ["id"]}, "fields are for a Django"),
        (returns_optional_models, {"fields": ["id"]}, "an empty list rather than None"),
        (returns_either, {}, "return either content or data, not one or the other"),
        (returns_function, {}, "its result has no JSON form: Cannot generate a JsonSchema"),
        (fine, {"fields": ["id"]}, "fields are for a Django model"),
        (generates, {}, "a generator cannot be called: return a list, and report progress"),
        (agenerates, {}, "a generator cannot be called"),
        (waits, {"atomic": True}, "an async tool cannot be atomic: Django's transactions are sync"),
        (waits, {"atomic": "default"}, "an async tool cannot be atomic"),
        (fine, {"atomic": "nowhere"}, "atomic names the database 'nowhere', which is not in DATA"),
        (fine, {"read_only": True, "destructive": True}, "cannot be both read-only and destruct"),
        (fine, {"name": ""}, "the name '' is not 1 to 64 of the characters A-Z a-z 0-9 _ -"),
        (fine, {"name": "a.b"}, "the name 'a.b' is not"),
        (fine, {"name": "caf\u00e9"}, "the name 'caf\u00e9' is not"),
        (fine, {"name": "a\n"}, "the name 'a\\n' is not"),
        (fine, {"name": "a" * 65}, "is not 1 to 64 of the characters"),
        (fine, {"name": 3}, "expected string"),
        (fine, {"group": ""}, "the group '' is not 1 to 64 of A-Z a-z 0-9 _ . -"),
        (fine, {"group": "a b"}, "the group 'a b' is not"),
        (fine, {"scopes": ["a b"]}, "the scope 'a b' is not a scope token of RFC 6749"),
        (fine, {"scopes": [""]}, "the scope '' is not"),
        (fine, {"permissions": ["change_it"]}, "'change_it' is not written app_label.codename"),
        (fine, {"requires": "is_staff"}, "requires must be a function that takes one argument"),
        (fine, {"requires": [of_nothing]}, "requires must be a function that takes one argument"),
        (fine, {"requires": of_nothing}, "of_nothing must take one argument, named user or princ"),
        (fine, {"requires": of_both}, "requires: of_both must take one argument, named user or"),
        (fine, {"requires": of_more}, "requires: of_more must take one argument, named user or"),
        (fine, {"requires": by_position}, "requires: by_position must take one argument, named"),
        (fine, {"requires": lambda u: u}, "requires: <lambda> must take one argument, named user"),
        (fine, {"requires": partial(of_more)}, "requires: of_more must take one argument, named"),
        (fine, {"requires": asks_later}, "requires: asks_later must be a sync function that"),
        (fine, {"requires": AsksLater()}, "requires: AsksLater must be a sync function that"),
        (fine, {"requires": partial(asks_later)}, "requires: asks_later must be a sync function"),
        (fine, {"requires": yields}, "requires: yields must be a sync function that returns a"),
        (fine, {"requires": dict}, "requires: dict has no readable signature"),
        (fine, {"schema_extra": {"type": "string"}}, "schema_extra changes 'type'"),
        (fine, {"schema_extra": {"required": []}}, "schema_extra changes 'required'"),
        (fine, {"schema_extra": {"additionalProperties": True}}, "changes 'additionalProperties'"),
        (fine, {"schema_extra": {"properties": {"x": {}}}}, "describes no parameters: x"),
        (fine, {"schema_extra": {"anyOf": "x"}}, "its input schema is no valid JSON Schema"),
        (fine, {"schema_extra": {"x": object()}}, "its input schema is no valid JSON Schema"),
        (final, {}, "Final"),
        (defaults_below, {}, "the default of 'size', 0, is none of the values that it takes"),
        (defaults_beside, {}, "the default of 'kind', 'c', is none of the values that it"),
        (defaults_within, {}, "the default of 'quantity', 0, is none of the values that it"),
        (one_alias, {}, "two parameters are called 'limit' by clients"),
        (defaults_twice, {}, "parameter 'size' has two defaults: Field(default=...) and that of"),
        (defaults_twice_by_factory, {}, "parameter 'size' has two defaults"),
        (looks_around, {}, "parameter 'text' has no JSON form: Error building"),
        (lambda: None, {"description": "Do."}, "has no name of its own: pass one, as @tool(name="),
        (Adding(3), {}, "has no name of its own: pass one, as @tool(name=...)"),
        (Adding, {}, "a class cannot be a tool: tag a function that makes an instance of it"),
        (Adding.add_to, {}, "or the method of one instance as tool(instance.add_to)"),
        (Adding.__dict__["make"], {}, "a classmethod cannot be a tool: tag a function, or a"),
        (Adding.__dict__["double"], {"name": "x"}, "a property cannot be a tool: tag a function"),
    ],
)
def test_mistakes_in_a_declaration_are_reported(
    function: Callable[..., Any], options: dict[str, Any], problem: str
) -> None:
    (reported,) = problems(function, **options)

    where, _, what = reported.partition(": ")
    assert where == getattr(function, "__qualname__", where)
    assert problem in what


def test_request_and_response_of_rest_framework_are_refused() -> None:
    request = pytest.importorskip("rest_framework.request", reason="is not installed")
    response = pytest.importorskip("rest_framework.response", reason="is not installed")

    def act(request: Any) -> Any:
        """Act."""

    act.__annotations__ = {"request": request.Request, "return": response.Response}
    (reported,) = problems(act)

    assert "parameter 'request': there is no request; annotate" in reported
    assert "; it returns an HTTP response: return the data, such as serializer.data" in reported


def test_another_user_model_than_the_projects_is_refused() -> None:
    with isolate_apps("tests.shop"):

        class Robot(AbstractBaseUser):
            class Meta:
                app_label = "shop"

    def act(robot: Robot) -> None:
        """Act."""

    (reported,) = problems(act)

    assert reported.endswith(
        f": parameter 'robot' is annotated with {__name__}.{Robot.__qualname__}, which is not the "
        "project's user model: annotate it with django.contrib.auth.models.User"
    )


def test_fields_of_an_undeclared_result_are_refused() -> None:
    def act():  # type: ignore[no-untyped-def]  # noqa: ANN202
        """Act."""

    assert problems(act, fields=["id"])[0].endswith("fields need a return annotation")


def test_every_bad_tool_is_reported_at_once() -> None:
    reported = problems(unannotated, fine, two_contexts, undescribed, takes_model)

    assert [each.partition(":")[0] for each in reported] == [
        "unannotated",
        "two_contexts",
        "undescribed",
        "takes_model",
    ]


def test_every_mistake_of_a_tool_is_reported_at_once() -> None:
    def act(a, b, *c: int, group: Group) -> Group:  # type: ignore[no-untyped-def]  # noqa: ANN001
        raise NotImplementedError

    (reported,) = problems(act, name="a b", group="", scopes=["c d"], permissions=["e"])

    assert reported.partition(": ")[2].split("; ") == [
        "the name 'a b' is not 1 to 64 of the characters A-Z a-z 0-9 _ -",
        "the group '' is not 1 to 64 of A-Z a-z 0-9 _ . -",
        "the scope 'c d' is not a scope token of RFC 6749",
        "the permission 'e' is not written app_label.codename",
        "parameter 'a' has no annotation",
        "parameter 'b' has no annotation",
        "parameter 'c' must be an ordinary named parameter",
        "parameter 'group' is of the model Group, which no client can send: take its key",
        "it returns a Django model, so fields must say what to show of it",
        "has no description: write a docstring, it is what the agent goes by",
    ]


def test_missing_description_is_told_by_who_would_read_it() -> None:
    def act() -> str:
        raise NotImplementedError

    with collecting() as declared:
        prompt(act)
        resource("shop://act")(act)
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)

    assert [each.partition("): ")[2] for each in caught.value.problems] == [
        "has no description: write a docstring, it is what people choose it by",
        "has no description: write a docstring, it is what people and agents choose it by",
    ]


def test_mistakes_of_parameters_and_fields_are_reported_at_once() -> None:
    def act(first: "Fraction", second: "OnlyForCheckers", third: "Fraction", group: Group) -> Group:
        """Act."""
        raise NotImplementedError

    (reported,) = problems(act, fields=["nme", "name", "permissions__colour", "user__nme__x"])

    hidden = (
        "its annotations name {!r}, which does not exist when the program runs; if it is imported "
        "under TYPE_CHECKING, move that import out of it"
    )
    assert reported.partition(": ")[2] == "; ".join(
        (
            hidden.format("Fraction"),
            hidden.format("OnlyForCheckers"),
            "parameter 'group' is of the model Group, which no client can send: take its key",
            (
                "field 'nme': Group has no such field or property. Did you mean 'name'? What a "
                "queryset annotates is declared in the body of the class, such as `nme: int`"
            ),
            "field 'permissions__colour': Permission has no such field or property",
            "field 'user__nme__x': User has no field 'nme'",
        )
    )


def test_every_parameter_and_field_without_a_form_in_json_is_reported() -> None:
    def act(
        first: Callable[[], int], second: int, third: Annotated[str, Field(pattern="(?<=a)b")]
    ) -> None:
        """Act."""

    (reported,) = problems(act)

    assert [f"parameter {name!r} has no JSON form" in reported for name in act.__annotations__] == [
        True,
        False,
        True,
        False,
    ]


def test_every_mistake_of_schema_extra_is_reported() -> None:
    (reported,) = problems(fine, schema_extra={"type": "array", "properties": {"no": {}}})

    assert "schema_extra changes 'type'" in reported
    assert "schema_extra describes no parameters: no" in reported


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(
    ("function", "written"),
    [
        (fine, fine),
        (decorated(decorated(fine)), fine),
        (decorated(partial(fine, amount=1)), fine),
        (partial(decorated(fine), amount=1), fine),
        (functools.cache(fine), fine),
        (Adding(3), Adding.__call__),
        (decorated(Adding(3)), Adding.__call__),
        (partial(Adding(3).add_to), Adding.add_to),
        (Adding.make, Adding.__dict__["make"].__func__),
        (Adding.__dict__["make"], Adding.__dict__["make"].__func__),
        (Adding.__dict__["double"], Adding.__dict__["double"].fget),
        (Adding.__dict__["add_three"], Adding.add_three),
        (Adding, Adding),
    ],
)
def test_problem_names_file_and_line_of_the_tool(
    function: Callable[..., Any], written: Callable[..., Any]
) -> None:
    with collecting() as declared:
        tool(name="no name")(function)
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)

    line = inspect.getsourcelines(written)[1]
    assert f" (tests/tools/test_declarations.py:{line}): " in caught.value.problems[0]


def test_tool_from_outside_the_project_is_named_by_its_whole_path() -> None:
    with pytest.raises(ToolRegistrationError) as caught:
        resolved(textwrap.dedent)

    line = inspect.getsourcelines(textwrap.dedent)[1]
    assert f"textwrap.dedent ({textwrap.__file__}:{line}): " in caught.value.problems[0]


def test_tool_without_python_source_is_named_alone() -> None:
    with pytest.raises(ToolRegistrationError) as caught:
        resolved(math.hypot)

    assert caught.value.problems[0].startswith("math.hypot: ")


@pytest.mark.parametrize("value", [0, -1, 1.5, "4", True])
def test_number_of_concurrent_calls_is_checked(value: Any) -> None:
    assert problems(fine, max_concurrent=value) == [
        "fine: max_concurrent must be a positive integer"
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("fine", "{0}.fine has the name 'fine' already"),
        ("FINE", "{0}.fine has the name 'FINE' already, but for upper and lower case"),
    ],
)
def test_two_tools_cannot_share_a_name(name: str, problem: str) -> None:
    with collecting() as declared:
        tool(fine)
        tool(name=name)(waits)
        tool(name=name)(generates)
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)

    already = problem.format(__name__)
    assert [unlocated(each) for each in caught.value.problems] == [
        f"{__name__}.waits: {already}",
        f"{__name__}.generates: {already}",
    ]


def test_tools_are_listed_in_the_order_of_their_names() -> None:
    def zebra() -> None:
        """Do it."""

    with collecting() as declared:
        tool(group="b", scopes=["z:read"])(zebra)
        tool(group="a", scopes=["a:read"])(fine)
    registry = build(declared)

    assert list(registry.of(Tool)) == ["fine", "zebra"]
    assert registry.groups == ("a", "b")
    assert registry.scopes == {"a:read": "a", "z:read": "b"}
    assert [each.name for each in registry.in_group("b")] == ["zebra"]
    assert registry.find(Tool, "nothing") is None


@pytest.mark.parametrize(
    "annotation",
    [Text, Image, list[Text | Image], tuple[Text, Image], tuple[Text, ...], Text | list[Image]],
)
def test_content_has_no_output_schema(annotation: Any) -> None:
    def show() -> None:
        """Show it."""

    show.__annotations__ = {"return": annotation}

    assert resolved(show).output_schema is None


def test_annotations_may_be_strings_and_aliases() -> None:
    def pay(amount: "Decimal", kind: "Literal['cash', 'card'] | None" = None) -> "Decimal":
        """Pay."""
        return amount

    assert list(resolved(pay).input_schema["properties"]) == ["amount", "kind"]


class TestBackground:
    def test_options_are_those_of_the_tool(self) -> None:
        def act() -> None:
            """Act."""

        with collecting() as declared:
            tool(
                background=True,
                timeout=5,
                idempotent=True,
                retry=Retry(times=2),
                queue="slow",
                keep_result=timedelta(hours=1),
                on_disconnect="continue",
                require_task=True,
            )(act)

        assert build(declared).of(Tool)["act"].background == Background(
            timeout=5,
            retry=Retry(times=2),
            queue="slow",
            keep_result=timedelta(hours=1),
            on_disconnect="continue",
            require_task=True,
        )

    def test_timeout_and_retry_are_options_of_every_tool(self) -> None:
        def act() -> None:
            """Act."""

        with collecting() as declared:
            tool(timeout=5, idempotent=True, retry=Retry(times=2))(act)
        found = build(declared).of(Tool)["act"]

        assert (found.timeout, found.retry, found.background) == (5, Retry(times=2), None)

    def test_ordinary_tool_takes_none_of_the_others(self) -> None:
        def act() -> None:
            """Act."""

        assert "options of tools with background=True" in problems(act, queue="slow")[0]

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"timeout": 0}, "timeout must be a positive number of seconds"),
            ({"timeout": "5"}, "timeout must be a positive number of seconds"),
            ({"timeout": float("inf")}, "timeout must be a positive number of seconds"),
            ({"retry": Retry()}, "retry is for tools that are declared idempotent or read_only"),
            ({"retry": 3}, "retry must be a django_mcp.Retry"),
            ({"retry": Retry(times=0), "read_only": True}, "Retry.times must be a positive"),
            ({"retry": Retry(backoff=-1), "read_only": True}, "Retry.backoff must be a number"),
            ({"retry": Retry(max_delay=-1), "read_only": True}, "Retry.max_delay must be a number"),
            ({"retry": Retry(on=()), "read_only": True}, "Retry.on must be a tuple"),
            (
                {"retry": Retry(on=(int,)), "read_only": True},  # type: ignore[arg-type]
                "Retry.on must be a tuple",
            ),
            ({"queue": ""}, "queue must be the name of a queue"),
            ({"keep_result": 60}, "keep_result must be a positive timedelta"),
            ({"keep_result": timedelta()}, "keep_result must be a positive timedelta"),
            ({"on_disconnect": "stop"}, "on_disconnect must be one of cancel, continue"),
        ],
    )
    def test_mistake_is_told_with_the_others(self, options: dict[str, Any], reason: str) -> None:
        def act() -> None:
            """Act."""

        (reported,) = problems(act, background=True, **options)

        assert reason in reported

    def test_reruns_wait_longer_and_longer_but_not_for_ever(self) -> None:
        plain = Retry(backoff=2, jitter=False)

        assert [plain.delay(run) for run in (1, 2, 3, 60)] == [2, 4, 8, 3600]
        assert all(1 <= Retry(backoff=2).delay(1) <= 2 for _ in range(100))

    def test_reruns_wait_no_longer_than_the_longest_delay(self) -> None:
        growing = Retry(backoff=2, max_delay=5, jitter=False)
        steady = Retry(backoff=7, max_delay=7, jitter=False)

        assert [growing.delay(run) for run in (1, 2, 3, 60)] == [2, 4, 5, 5]
        assert [steady.delay(run) for run in (1, 2, 3)] == [7, 7, 7]
        assert Retry(backoff=9, max_delay=4).shortest_delay == 2


# What holds its idempotency key.


class TestIdempotencyKey:
    @pytest.mark.parametrize("annotation", [str, str | None, Annotated[str, Field(max_length=9)]])
    def test_parameter_is_any_string(self, annotation: Any) -> None:
        def pay(reference: annotation) -> None:
            """Pay."""

        assert resolved(pay, idempotency_key="reference").idempotency_key == "reference"

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"idempotency_key": "key"}, "the parameter 'key', which clients cannot send"),
            ({"idempotency_key": "user"}, "the parameter 'user', which clients cannot send"),
            ({"idempotency_key": True}, "the parameter True, which clients cannot send"),
            ({"idempotency_key": "amount"}, "the parameter 'amount', which is not a string"),
            (
                {"idempotency_key": "reference", "read_only": True},
                "idempotency_key is for tools that write",
            ),
        ],
    )
    def test_what_cannot_hold_one_is_told(self, options: dict[str, Any], reason: str) -> None:
        def pay(user: User, amount: int | str, reference: str) -> None:
            """Pay."""

        (reported,) = problems(pay, **options)

        assert reason in reported


# What it says of exceptions.


@pytest.mark.parametrize(
    ("raises", "problem"),
    [
        (KeyError, "raises must map exception classes to texts or functions"),
        ("No.", "raises must map exception classes to texts or functions"),
        ({"KeyError": "No."}, "raises names 'KeyError', which is no exception class"),
        ({SystemExit: "No."}, "raises names <class 'SystemExit'>, which is no exception class"),
        (
            {ToolRegistrationError: "No."},
            "raises names ToolRegistrationError, which clients receive unchanged",
        ),
        ({KeyError: None}, "raises must give a text or a function for KeyError"),
        ({KeyError: " "}, "raises must give a text or a function for KeyError"),
    ],
)
def test_what_is_said_of_exceptions_is_checked(raises: Any, problem: str) -> None:
    assert problems(fine, raises=raises) == [f"fine: {problem}"]
