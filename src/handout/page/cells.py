"""The cells of a page: Python fences with `exec="on"`, `math` fences, and formulas with a comment.

Nothing that looks like a cell is skipped: one that cannot be used keeps its place among the cells
and carries the reason as its `problem`.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

from handout.page.displays import (
    Comment,
    Display,
    Role,
    find_displays,
    may_define,
    slug,
    states_something,
)
from handout.page.fences import Fence, commonmark_lines, find_fences, read_alike
from handout.page.options import MATH, PYTHON, OptionError, read_options

# A header that asks for a cell, well or badly: with blanks, in capitals, without a value.
_MARKED = re.compile(r"(?:^|[\s{])(exec|claim|exercise)(?:\s*=|(?=[\s}]|$))", re.IGNORECASE)
_WRITTEN = re.compile(r"(?:^|[\s{])(?:exec|claim|exercise)\s*=", re.I)  # in running text
_PYTHON = ("python", "python3", "py")  # languages of fences that highlighters take for Python
_FOREIGN = re.compile(r"""\bexec=(["'])(?:true|yes|1)\1""", re.IGNORECASE)
_KEY = re.compile(r"[\s{]([A-Za-z]+)\s*=")
#: Without any of it, a text has no cell.
_MAYBE = re.compile(r"exec|claim|exercise|<!--\s*(?:let|define)|math\s+(?:let|define)", re.I)
_BRACES = re.compile(r"^\{\s*\.?(.*?)\s*\}$")


#: What stands in an exercise for the answer.
BLANK = "?"


class Cell(NamedTuple):
    """One cell of a page."""

    kind: Literal["python", "math"]
    path: str  # the page, as named in messages
    line_first: int  # line of the opening fence, from 1
    line_last: int  # line of the closing fence
    source: str  # without the indentation of the fence
    source_line: int  # line on which the source begins
    indent: str  # what stands before the fence: indentation, block quote marks
    options: Mapping[str, object] = MappingProxyType({})
    id: str = ""  # of the cell (Python) or of the claim (math); empty for display math
    problem: str | None = None  # why the cell cannot be used; it is not run then
    role: Role = Role.NONE  # of a formula
    whole: bool = False  # a claim because its whole page claims: what cannot be tested is no error
    shown: bool = True  # whether the formula is to be seen; a comment may declare without
    fenced: bool = True  # whether it stands in a fence; otherwise as any renderer shows formulas
    heading: str = ""  # under which it stands
    above: tuple[str, ...] = ()  # formulas since the last cell that are only shown, and define
    foreign: bool = False  # whether markdown-exec, if the site has it, takes the fence for its own

    def __str__(self) -> str:
        return f"{self.path}:{self.line_first}-{self.line_last}"

    def line_of(self, offset: int) -> int:
        """The line of the page on which a line of the source stands; included ones are on one."""
        return min(self.source_line + offset, max(self.source_line, self.line_last))

    @property
    def runs(self) -> bool:
        """Whether the cell is to be run or tested."""
        if self.kind == "python":
            return self.problem is None and self.role is not Role.EXERCISE
        return self.problem is None and self.role not in (Role.NONE, Role.SKIP)

    @property
    def judged(self) -> bool:
        """Whether the cell gets a verdict."""
        if self.problem is not None:
            return True
        return self.role is Role.CLAIM or (self.kind == "python" and self.role is Role.NONE)

    @property
    def question(self) -> str:
        """The source that is tested: of an exercise, one that shows that it can be judged.

        A side that is asked for is replaced by the other side; any other blank, by a number.
        """
        if self.role is not Role.EXERCISE:
            return self.source
        before, _, after = self.source.partition(BLANK)
        asked, equals, rest = before.partition("=")
        alone = bool(equals) and not (rest + after).strip()
        return before + (asked.strip("& \n") if alone else "1") + after


class Contents(NamedTuple):
    """What a page holds that can be tested."""

    cells: list[Cell]
    unclaimed: list[Display]  # formulas that state something, of which nothing is said


def find_cells(text: str, path: str, known: bool = False) -> list[Cell]:
    """The cells of a page, in order, as `read_contents` has them."""
    return read_contents(text, path, known).cells


def read_contents(
    text: str,
    path: str,
    known: bool = False,
    whole: bool = False,
    heading: str = "",
    lines: Sequence[int] | None = None,
) -> Contents:
    """The cells of a page, in order, and the formulas that are none.

    Args:
        text: the whole page, front matter included, with newlines as line ends.
        path: what to call the page in messages.
        known: whether this very text was read before and both readers agreed on its cells.
        whole: whether every display formula that states something is a claim.
        heading: under which the text stands, if it is part of a larger one.
        lines: of the author's file, for each line of a text that was made from it.
    """
    fences = find_fences(text)
    marked = {f.line_first for f in fences if _MARKED.search(f.info)}
    cells = {f.line_first: cell for f in fences if (cell := _cell(f, path)) is not None}
    if not known and (marked or _WRITTEN.search(text)) and not read_alike(text, fences):
        cells |= _unseen(text, path, fences, cells, marked)
    found = find_displays(text, fences, heading, headings=whole)
    for line, comment in found.before_fence.items():
        if comment.doubtful and (line not in cells or cells[line].kind != "math"):
            continue
        cells[comment.line_first] = _commented(comment, cells.pop(line, None), path)
    for comment in found.alone:
        if comment.doubtful and (comment.role is Role.CLAIM or not comment.text):
            continue
        cells[comment.line_first] = _alone(comment, path)
    unclaimed = []
    for display in found.displays:
        if display.comment is not None or (whole and states_something(display.source)):
            cells[display.line_first] = _of_display(display, path)
        elif states_something(display.source):
            first = display.line_first if lines is None else lines[display.line_first - 1]
            unclaimed.append(display._replace(line_first=first))
    if whole:
        for line, cell in cells.items():
            above = max((n for n in found.headings if n < line), default=0)
            cells[line] = _claimed(cell, found.headings.get(above, heading))
    shown = [display for display in found.displays if display.line_first not in cells]
    in_order = with_formulas_above([cells[line] for line in sorted(cells)], shown)
    return Contents(named(in_order, lines), unclaimed)


def _cell(fence: Fence, path: str) -> Cell | None:
    """The cell that a fence is, or None if it is only shown."""
    language = "python" if fence.language.lower() in _PYTHON else fence.language
    kind = _asked(fence)
    if kind is None:
        return None
    cell = Cell(
        kind,
        path,
        fence.line_first,
        fence.line_last,
        fence.source,
        fence.line_first + 1,
        fence.prefix,
    )
    if language != kind:
        wanted = f'```{kind} {"exec" if kind == "python" else "claim"}="..."'
        return cell._replace(
            problem=f"a {language or 'plain'} fence cannot be a cell; write {wanted}"
        )
    if not fence.closed:
        return cell._replace(problem="the fence is not closed before its page, list or box ends")
    braces = _BRACES.match(fence.info)
    header = (braces[1] if braces else fence.info).removeprefix(fence.language).strip()
    if kind == "math" and header in (Role.LET, Role.DEFINE):
        return cell._replace(role=Role(header))
    known = PYTHON if kind == "python" else MATH
    try:
        options = read_options(header, known)
        role = _role(kind, options)
        if role is Role.EXERCISE:
            _require_question(kind, fence.source)
    except OptionError as error:
        return cell._replace(problem=str(error), foreign=bool(_FOREIGN.search(header)))
    name = str(options.get("exercise") or options.get("id") or options.get("claim") or "")
    return cell._replace(options=options, id=name, role=role)


def _role(kind: str, options: Mapping[str, object]) -> Role:
    """What a fence with these options is for."""
    if "exercise" in options:
        other = next((name for name in ("claim", "exec", "expect") if name in options), None)
        if other is not None:
            raise OptionError(f"an exercise is the reader's to answer: leave {other!r} away")
        return Role.EXERCISE
    if "hint" in options or (kind == "python" and "points" in options):
        raise OptionError('hint and points are for an exercise="name"')
    if kind == "math" and options and "claim" not in options:
        raise OptionError('options need a claim="name": without one the formula is not tested')
    return Role.CLAIM if kind == "math" and options else Role.NONE


def _require_question(kind: str, source: str) -> None:
    """Refuse an exercise that nobody could answer."""
    if kind == "math" and source.count(BLANK) != 1:
        raise OptionError(f"an exercise has one {BLANK}, in the place of the answer")
    if kind == "python":
        try:
            ast.parse(source)
        except SyntaxError as error:
            raise OptionError(
                f"the code that an exercise starts from is no Python: {error.msg}, in line "
                f"{error.lineno} of the cell"
            ) from None


def _of_display(display: Display, path: str) -> Cell:
    """A display formula as a cell, with what the comment before it says."""
    cell = Cell(
        "math",
        path,
        display.line_first,
        display.line_last,
        display.source,
        display.source_line,
        display.prefix,
        heading=display.heading,
        fenced=False,
    )
    if display.comment is None:
        return cell
    said = _said(display.comment, cell)
    return said._replace(problem=display.comment.problem or display.problem or said.problem)


def _commented(comment: Comment, cell: Cell | None, path: str) -> Cell:
    """The `math` fence after a comment, with what the comment says."""
    if cell is None or cell.kind != "math":
        return _alone(comment, path)
    cell = cell._replace(line_first=comment.line_first)
    if cell.role:
        problem = f"the fence after the comment says itself that it is a {cell.role}"
        return cell._replace(problem=cell.problem or problem)
    said = _said(comment, cell)
    return said._replace(problem=comment.problem or said.problem)


def _said(comment: Comment, cell: Cell) -> Cell:
    """A formula with the role and the options that its comment gives it."""
    if comment.role is not Role.CLAIM:
        return cell._replace(role=comment.role)
    if comment.text == Role.SKIP:
        return cell._replace(role=Role.SKIP)
    name, _, rest = " ".join(comment.text.split()).partition(" ")
    try:
        options = read_options(f'claim="{name}" {rest}', MATH)
    except OptionError as error:
        return cell._replace(role=Role.CLAIM, problem=str(error))
    return cell._replace(role=Role.CLAIM, options=options, id=name)


def _alone(comment: Comment, path: str) -> Cell:
    """A comment that no formula follows: it holds its own, or is an error."""
    first, last = comment.line_first, comment.line_last
    place = (comment.text_line, comment.prefix)
    cell = Cell("math", path, first, last, comment.text, *place, shown=False, fenced=False)
    if comment.role is not Role.CLAIM and comment.text:
        return cell._replace(role=comment.role, problem=comment.problem)
    asked = f"<!-- {comment.role} -->"
    problem = (
        f"no display formula follows {asked}: one between $$ or between \\[ and \\], an "
        "environment such as align, or a math fence"
    )
    return cell._replace(role=Role.CLAIM, source="", problem=comment.problem or problem)


def _claimed(cell: Cell, heading: str) -> Cell:
    """A formula of a page that claims as a whole, under its heading."""
    if cell.kind != "math" or cell.role or cell.problem or not states_something(cell.source):
        return cell
    return cell._replace(role=Role.CLAIM, whole=True, heading=heading)


def _asked(fence: Fence) -> Literal["python", "math"] | None:
    """What kind of cell a fence asks to be, also where it misspells `exec`; None if it does not."""
    found = _MARKED.search(fence.info)
    if found is not None:
        asked = found[1].lower()
        if asked == "exercise":
            return "math" if fence.language == "math" else "python"
        return "math" if asked == "claim" else "python"
    if fence.language.lower() in _PYTHON:
        return "python" if any(map(_meant, _KEY.findall(fence.info))) else None
    return "math" if fence.language == "math" else None


def _meant(key: str) -> bool:
    """Whether an option of a fence is `exec`, misspelt; without it the fence is only shown."""
    if key in PYTHON:
        return False
    from difflib import get_close_matches  # most pages need none

    return bool(get_close_matches(key, ["exec"], cutoff=0.7))


def _unseen(
    text: str, path: str, fences: list[Fence], cells: Mapping[int, Cell], marked: set[int]
) -> dict[int, Cell]:
    """Problems, by line, where a second reader of the page, CommonMark, finds other cells."""
    second = {line for line, info in commonmark_lines(text) if _MARKED.search(info)}
    lines = text.split("\n")
    found = {}
    for line in marked ^ second:
        kind: Literal["python", "math"] = "math" if "claim" in lines[line - 1] else "python"
        cell = cells.get(line) or Cell(kind, path, line, line, "", line + 1, "")
        fence = next((f for f in fences if f.line_first <= line <= f.line_last), None)
        if line in marked:
            why = (
                "CommonMark reads this fence as something else, as indented code or HTML: leave a "
                "blank line before it, and indent it as its list or box is"
            )
        elif fence is not None:
            why = f"CommonMark reads a cell here, the site the fence of line {fence.line_first}"
        else:
            why = "CommonMark reads a cell here, and the site's Markdown does not"
        found[line] = cell._replace(problem=cell.problem or why)
    return found


def with_formulas_above(cells: Iterable[Cell], shown: Iterable[Display]) -> list[Cell]:
    """The cells, each that runs with the formulas above it that are only shown, and define."""
    waiting = [display for display in shown if may_define(display.source)]
    above: list[str] = []
    made = []
    for cell in cells:
        while waiting and waiting[0].line_first <= cell.line_first:
            above.append(waiting.pop(0).source)
        if cell.runs:
            cell, above = cell._replace(above=tuple(above)), []
        elif cell.kind == "math" and cell.role is Role.NONE and may_define(cell.source):
            above.append(cell.source)
        made.append(cell)
    return made


def named(cells: list[Cell], author_lines: Sequence[int] | None = None) -> list[Cell]:
    """Give every cell an id that has none, refuse an id that is taken; say the author's lines.

    `cell-3` is the third Python cell; `softmax-2` the second formula under the heading *Softmax* of
    a page that claims as a whole.
    """
    named: list[Cell] = []
    lines: dict[str, int] = {}
    given = {cell.id for cell in cells if cell.id and not cell.whole}
    count = 0
    under: Counter[str] = Counter()
    for cell in cells:
        count += cell.kind == "python"
        if cell.whole:
            start = slug(cell.heading) or "formula"
            under[start] += 1
            while f"{start}-{under[start]}" in given:
                under[start] += 1
            cell = cell._replace(id=f"{start}-{under[start]}")
        elif not cell.id and (cell.judged or cell.role in (Role.LET, Role.DEFINE)):
            kind = "cell" if cell.kind == "python" else cell.role.value or "claim"
            line = cell.line_first
            line = line if author_lines is None else author_lines[line - 1]
            number = count if cell.kind == "python" else line
            while cell.kind == "math" and f"{kind}-{number}" in lines.keys() | given:
                number += 1  # a notebook may be one line
            cell = cell._replace(id=f"{kind}-{number}")
        if author_lines is not None:
            cell = cell._replace(
                line_first=author_lines[cell.line_first - 1],
                line_last=author_lines[cell.line_last - 1],
                source_line=author_lines[cell.source_line - 1],
            )
        if cell.id and cell.id in lines and cell.problem is None:
            cell = cell._replace(
                problem=f"the id {cell.id!r} is taken by line {lines[cell.id]}; "
                "ids are unique on a page",
            )
        if cell.id:
            lines.setdefault(cell.id, cell.line_first)
        named.append(cell)
    return named


def untested(text: str, whole: bool = False) -> Sequence[Cell]:
    """The cells of a text that is about to be rendered; weaving would have taken them out.

    Args:
        text: of a page.
        whole: whether every display formula that states something is a claim.
    """
    if not whole and _MAYBE.search(text) is None:
        return []
    return [
        cell
        for cell in read_contents(text, "", known=True, whole=whole).cells
        if not cell.foreign and (cell.judged or cell.role not in (Role.NONE, Role.SKIP))
    ]
