"""The management commands, as their parsers know them."""

from argparse import Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator, Sequence

from django.core.management import load_command_class
from django.core.management.base import BaseCommand

from docs.parts.markdown import code, sentence, table


def command_lines(name: str) -> Iterator[str]:
    """What a command does, and its arguments; those of all Django commands are left out."""
    command = load_command_class("django_mcp", name)
    own = _own_arguments(command.create_parser("manage.py", name))
    yield command.help
    yield ""
    told: set[str] = set()
    for action in own:
        if isinstance(action, _SubParsersAction):
            yield from _subcommands(name, action)
            told |= {action.dest, *(a.dest for p in action.choices.values() for a in p._actions)}
    yield from _arguments([action for action in own if action.dest not in told])


def actions_of(name: str) -> list[str]:
    """The actions of a command; none where it does one thing."""
    command = load_command_class("django_mcp", name)
    for action in command.create_parser("manage.py", name)._actions:
        if action.dest == "action" and action.choices is not None:
            return [str(choice) for choice in action.choices]
    return []


def _subcommands(name: str, action: "_SubParsersAction[ArgumentParser]") -> Iterator[str]:
    helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
    for verb, parser in action.choices.items():
        yield f"`{name} {verb}`: {sentence(helps.get(verb, ''))}"
        yield ""
        yield from _arguments([each for each in parser._actions if each.dest != "help"])
        yield ""


def _own_arguments(parser: ArgumentParser) -> list[Action]:
    common = {action.dest for action in BaseCommand().create_parser("manage.py", "any")._actions}
    return [action for action in parser._actions if action.dest not in common]


def _arguments(actions: Sequence[Action]) -> Iterator[str]:
    if not actions:
        return
    rows = [
        (code(_spelling(action)), "yes" if action.required else "", sentence(action.help or ""))
        for action in actions
    ]
    yield from table(("argument", "required", "meaning"), rows)


def _spelling(action: Action) -> str:
    value = _value(action)
    if not action.option_strings:
        return value
    name = ", ".join(action.option_strings)
    return name if action.nargs == 0 else f"{name} {value}"


def _value(action: Action) -> str:
    if action.dest == "database":  # the choices are the project's own
        return "ALIAS"
    if action.choices:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return str(action.metavar or action.dest.upper())
