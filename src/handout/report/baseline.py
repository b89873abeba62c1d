"""Problems that a site is known to have: with a baseline it fails on what is new only.

The file is written by `handout check --update-baseline` and committed. It names problems by page,
kind and claim, not by line, so that an edit elsewhere on the page changes nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from handout.page.codes import CODES
from handout.page.problems import Problem, UserError

SCHEMA = 1


class BaselineError(UserError):
    """A baseline that cannot be read or written; the message says why."""

    code = "H702"


class Known(NamedTuple):
    """A problem as a baseline names it."""

    page: str  # relative to the folder of the baseline, with slashes
    code: str
    subject: str


class Sorted(NamedTuple):
    """Problems, compared with a baseline."""

    new: list[Problem]
    known: list[Problem]
    solved: list[Known]  # which the baseline need not name any more


class Baseline:
    """The known problems of a site.

    Args:
        file: where they are kept. A file that does not exist names none.

    Raises:
        BaselineError: it cannot be read, or is no baseline.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.known = _read(file)

    def __contains__(self, problem: Problem) -> bool:
        return self._name(problem) in self.known

    def sort(self, problems: Iterable[Problem], pages: Iterable[str]) -> Sorted:
        """Tell new problems from known ones; `pages` are the files that were looked at."""
        found = list(problems)
        named = [self._name(problem) for problem in found]
        looked_at = {self._page(page) for page in pages}
        return Sorted(
            [problem for problem, name in zip(found, named, strict=True) if name not in self.known],
            [problem for problem, name in zip(found, named, strict=True) if name in self.known],
            sorted(k for k in self.known - set(named) if k.page in looked_at),
        )

    def update(self, problems: Iterable[Problem], pages: Iterable[str]) -> None:
        """Let the problems of these pages be known, and keep what is known of others.

        Raises:
            BaselineError: the file cannot be written.
        """
        looked_at = {self._page(page) for page in pages}
        kept = {known for known in self.known if known.page not in looked_at}
        self.known = frozenset(kept | {self._name(problem) for problem in problems})
        try:
            self.file.write_text(_text(sorted(self.known)), "utf-8")
        except OSError as error:
            raise BaselineError(f"{self.file}: cannot be written: {error.strerror}") from None

    def told(self, compared: Sorted) -> str:
        """How many problems are known, and how many need not be any more, in a sentence."""
        count = len(compared.known)
        told = f"{self.file}: {count} known problem{'s' * (count != 1)}"
        if compared.solved:
            told += f"; {len(compared.solved)} solved, which --update-baseline removes"
        return told

    def _name(self, problem: Problem) -> Known:
        return Known(self._page(problem.path), problem.code, problem.subject)

    def _page(self, path: str) -> str:
        return PurePath(os.path.relpath(path, self.file.absolute().parent)).as_posix()


def _read(file: Path) -> frozenset[Known]:
    try:
        document = json.loads(file.read_bytes())
        if document["schema"] != SCHEMA:
            raise BaselineError(f"{file}: schema {document['schema']!r} is not known here")
        known = [Known(**problem) for problem in document["problems"]]
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise BaselineError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError) as error:
        if isinstance(error, BaselineError):
            raise
        raise BaselineError(f"{file}: not a baseline: {error}") from None
    if strange := [entry.code for entry in known if entry.code not in CODES]:
        raise BaselineError(f"{file}: no kind of problem has the code {strange[0]!r}")
    return frozenset(known)


def _text(known: Sequence[Known]) -> str:
    """A line for each problem, so that a diff shows what came and went."""
    lines = [json.dumps(entry._asdict(), ensure_ascii=False) for entry in known]
    listed = "".join(f"\n  {line}," for line in lines).removesuffix(",")
    return f'{{"schema": {SCHEMA}, "problems": [{listed}\n]}}\n'
