"""Something that an author must mend, and the place where it stands."""

from __future__ import annotations

from typing import NamedTuple

from handout.page.escape import escape_controls, one_line


class Problem(NamedTuple):
    """What is wrong, where. As text it is one line that editors and CI can follow."""

    path: str  # as an editor can open it
    line: int
    message: str  # one line
    excerpt: str = ""  # the place, on lines of its own: a formula with a caret under it
    code: str = ""  # of its kind, one of `handout.page.codes.CODES`
    subject: str = ""  # what it is about, the same when lines move: the claim, the formula

    def __str__(self) -> str:
        code = f" [{self.code}]" if self.code else ""
        head = one_line(f"{self.path}:{self.line}: {self.message}{code}")
        return f"{head}\n{escape_controls(self.excerpt)}" if self.excerpt else head
