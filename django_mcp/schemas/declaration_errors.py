"""Error of a declaration, with all of its problems."""

from collections.abc import Iterable


class DeclarationError(ValueError):
    """Error with all problems of a part of a declaration, for its author."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("; ".join(self.problems))
