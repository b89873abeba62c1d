"""What an author must mend, and where it stands; and what stops a command."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from handout.page.escape import escape_controls, one_line


class Problem(NamedTuple):
    """What is wrong, where. As text it is one line that editors and CI can follow."""

    path: str  # as an editor can open it
    line: int
    message: str  # one line
    code: str  # of its kind, one of `handout.page.codes.CODES`
    excerpt: str = ""  # the place, on lines of its own: a formula with a caret under it
    subject: str = ""  # what it is about, the same when lines move: the claim, the formula

    def __str__(self) -> str:
        head = one_line(f"{self.path}:{self.line}: {self.message} [{self.code}]")
        return f"{head}\n{escape_controls(self.excerpt)}" if self.excerpt else head


class UserError(ValueError):
    """What stops a command: why, and the remedy, in one message with the code of its kind.

    Attributes:
        code: one of `handout.page.codes.CODES`, of each class.
        plain: the message alone.
    """

    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.plain = message

    def __str__(self) -> str:
        return f"{self.plain} [{self.code}]"
