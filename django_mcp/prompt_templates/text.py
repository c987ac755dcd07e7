"""Compiled text of a prompt, in Django's template language without what opens or exhausts."""

import re
from collections.abc import Collection, Iterator, Mapping

from django.template import Engine, Template
from django.template.base import Lexer, NodeList, Token, TokenType
from django.utils.translation import gettext
from typing_extensions import override

from django_mcp.prompt_templates.budget import bounded, spend
from django_mcp.prompt_templates.errors import PromptTextError
from django_mcp.prompt_templates.nodes import BoundedContext
from django_mcp.prompt_templates.parser import PromptParser

MAX_CHARACTERS = 50_000
MAX_TAG_CHARACTERS = 500
"""Django's patterns take the square of a tag's length."""
NEWLINE = re.compile(r"\r\n?")


class PromptEngine(Engine):
    """Engine without loaders, libraries of a project and autoescape: texts are not HTML."""

    default_builtins = ["django_mcp.prompt_templates.tag_library"]

    def __init__(self) -> None:
        super().__init__(loaders=[], autoescape=False)


engine = PromptEngine()


class PromptText(Template):
    """Compiled text, rendered from strings alone; it can be shared by threads.

    Raises `PromptTextError`, with its line, for a text that cannot be compiled, or names what is
    not in `names`, those of the arguments.
    """

    def __init__(self, text: str, names: Collection[str]) -> None:
        self._names = names
        super().__init__(NEWLINE.sub("\n", text), engine=engine)

    @override
    def compile_nodelist(self) -> NodeList:
        _check_length(self.source)
        _check_closed(self.source)
        tokens = Lexer(self.source).tokenize()
        for token in tokens:
            _check_tag(token)
        parser = PromptParser(tokens, self.engine.template_builtins, self._names)
        try:
            nodes = parser.parse()
        except Exception as error:
            # The parser adds the tag to what is raised in it, of whatever class.
            at: Token | None = getattr(error, "token", None)
            raise PromptTextError(str(error), line=at.lineno if at else None) from error
        self._unused_names = [name for name in self._names if name not in parser.used_names]
        return nodes

    @property
    def doubts(self) -> Iterator[str]:
        """Mistakes that are likely, for the writer: the text can be used all the same."""
        for name in self._names:
            if re.search(rf"(?<!{{){{\s*{re.escape(name)}\s*}}(?!}})", self.source):
                yield gettext(
                    "“{%(name)s}” stays as it is: a value has two braces on each side."
                ) % {"name": name}
            elif name in self._unused_names:
                yield gettext("The text does not use “%(name)s”.") % {"name": name}

    def rendered(self, arguments: Mapping[str, str]) -> str:
        """Return the text for these arguments, without blank lines around it.

        An argument that is not given is an empty text. Raises `PromptTextError` with its line,
        also where the result becomes too long or takes too much work.
        """
        with bounded():
            text = str(self.render(BoundedContext(dict(arguments)))).strip()
            spend(text)
        return text


def _check_length(source: str) -> None:
    if len(source) > MAX_CHARACTERS:
        raise PromptTextError(
            gettext("The text is longer than %(limit)d characters.") % {"limit": MAX_CHARACTERS}
        )


def _check_closed(source: str) -> None:
    """Refuse tags that do not end on their line, as Django demands, and takes for text otherwise.

    It looks for the end of each to the end of the line: many of them would take long.
    """
    for number, line in enumerate(source.split("\n"), start=1):
        for start, end in (("{{", "}}"), ("{%", "%}"), ("{#", "#}")):
            if line.rfind(start) > line.rfind(end):
                raise PromptTextError(
                    gettext("“%(start)s” is not closed by “%(end)s” on the same line.")
                    % {"start": start, "end": end},
                    line=number,
                )


def _check_tag(token: Token) -> None:
    if token.token_type not in (TokenType.VAR, TokenType.BLOCK):
        return
    if len(token.contents) > MAX_TAG_CHARACTERS:
        raise PromptTextError(
            gettext("A tag is longer than %(limit)d characters.") % {"limit": MAX_TAG_CHARACTERS},
            line=token.lineno,
        )
