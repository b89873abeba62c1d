"""What is said of an equation that cannot be tested: the reason, the remedy, the character."""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn

WIDTH = 88  # longest piece of a formula that is shown around the caret


class Why(StrEnum):
    """The kinds of reasons why an equation is refused, by codes that stay when words improve.

    `handout explain CODE` has the meaning and the remedy of each.
    """

    NOTATION = "H403"  # the dialect does not have it
    EVALUATION = "H404"  # it is understood, and has no value at the sample points
    UNFINISHED = "H411"  # a brace, an argument, one side
    NO_CLAIM = "H412"  # it says nothing that could be tested
    UNKNOWN = "H413"  # a name, a length or a range that nothing tells
    OTHER_MEANING = "H414"  # a name that is bound to what has no place there
    SHAPES = "H415"  # shapes, indices and components that do not fit
    DECLARATION = "H416"  # what a declaration or a definition cannot say
    DERIVATIVE = "H417"  # of what, by what, at which order, with what held fixed
    AMBIGUOUS = "H418"  # readers could take it in two ways, or TeX sets it otherwise
    OPTION = "H419"  # a value that an option of the claim does not take


class EquationError(ValueError):
    """An equation that cannot be tested; nothing about it was guessed.

    Attributes:
        why (Why): The kind of reason.
        message (str): What was not understood and what to write, in one line.
        source (str): The LaTeX of the claim.
        position (int): Character offset in `source` at which the caret stands.
    """

    def __init__(self, why: Why, message: str, source: str = "", position: int = 0) -> None:
        super().__init__(why, message, source, position)  # so that it can be pickled
        self.why = why
        self.message = message
        self.source = source
        self.position = position

    def __str__(self) -> str:
        if not self.source:
            return self.message
        at = min(max(self.position, 0), len(self.source))
        start = self.source.rfind("\n", 0, at) + 1
        end = self.source.find("\n", at)
        line = self.source[start : len(self.source) if end < 0 else end].replace("\t", " ")
        column = at - start
        if len(line) > WIDTH:
            first = max(0, min(column - WIDTH // 2, len(line) - WIDTH))
            line, column = line[first : first + WIDTH], column - first
        return f"{self.message}\n    {line}\n    {' ' * column}^"


def fail(why: Why, message: str, at: int) -> NoReturn:
    """Raise the error; the caller that knows the source adds it."""
    raise EquationError(why, message, position=at)
