"""What must be mended on a site: each problem is said once, unless it is known."""

from __future__ import annotations

from collections.abc import Iterable
from logging import Logger
from pathlib import Path

from handout.page.problems import Problem
from handout.report.annotations import annotate
from handout.report.baseline import Baseline, BaselineError
from handout.settings import SettingsError


class SiteProblems:
    """The problems of one build.

    Args:
        log: where they are said, one line each.
        serving: whether the site is served while it is written; problems are no warnings then,
            which could end the server.
        baseline: the file of known problems, if the project has one.
        earlier: those of another build into the same folder, as of another language.

    Raises:
        SettingsError: the file of known problems cannot be read.
    """

    def __init__(
        self, log: Logger, serving: bool, baseline: Path | None, earlier: SiteProblems | None
    ) -> None:
        self.new: list[Problem] = []
        self.known: list[Problem] = []
        self.unset: list[Problem] = []  # formulas that are left to the site's own typesetter
        self._log = log
        self._say = log.info if serving else log.warning
        self._baseline = _read(baseline)
        self._earlier = earlier

    def tell(self, problem: Problem) -> None:
        """Say a problem; not again if it is of a page that is shown twice, as in two languages."""
        if problem in self.new or (self._earlier is not None and problem in self._earlier.new):
            return
        if self._baseline is not None and problem in self._baseline:
            self.known.append(problem)
            return
        self.new.append(problem)
        self.remark(problem)

    def remark(self, doubt: Problem) -> None:
        """Say what is probably not meant; it does not make the build fail by itself."""
        self._say("%s", doubt)
        annotate(doubt)

    def sum_up(self, pages: Iterable[str]) -> None:
        """Say what is no problem, and should be known.

        Args:
            pages: those of the build, as problems name them.
        """
        if self.unset:
            first = self.unset[0]
            self._log.info(
                "handout: %d formula(s) cannot be set as MathML and are left to the site's own "
                "MathJax or KaTeX; the first: %s:%d: %s [H602]",
                len(self.unset),
                first.path,
                first.line,
                first.message,
            )
        if self._baseline is not None:
            compared = self._baseline.sort([*self.new, *self.known], list(pages))
            self._log.info("handout: %s", self._baseline.told(compared))


def _read(baseline: Path | None) -> Baseline | None:
    try:
        return Baseline(baseline) if baseline else None
    except BaselineError as error:
        raise SettingsError(error.plain) from None
