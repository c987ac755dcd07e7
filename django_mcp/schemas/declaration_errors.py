"""Several problems of one declaration, reported as one error."""

from collections.abc import Iterable


class DeclarationError(ValueError):
    """Everything that is wrong with a part of a declaration, in words for its author."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("; ".join(self.problems))
