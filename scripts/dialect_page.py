r"""Write the tables of `docs/reference/dialect.md` from the code: `python scripts/dialect_page.py`.

Each construct stands there as it is written, as it is set and as it is read; what is refused, with
what the dialect says of it. A test fails while the page says something else than the code does.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from edf.equations import EquationError, check_equation, declare
from edf.equations.check import understood
from edf.equations.meaning.typed import display
from handout.math.mathml import MathError, to_mathml
from handout.page.cells import Role, find_cells

PAGE = Path(__file__).parents[1] / "docs/reference/dialect.md"
_SPAN = re.compile(r"(`+)(?!`)(?P<code>.+?)(?<!`)\1(?!`)")
_TABLE = re.compile(r"^ *\| Written \|.*?(?=\n\n)", re.MULTILINE | re.DOTALL)
_MARK = "<!-- refusals -->\n\n"  # behind which the page is made from what follows
_CELL = re.compile(r"(?<!\\)\|")
#: Where the reason of a refusal ends and the advice begins.
_ADVICE = re.compile(
    r"(?P<why>.*?)(?P<mark>[:?]) (?P<advice>(?:[Ww]rite|[Ss]um|[Uu]se|[Pp]ut|[Bb]ind|[Dd]eclare|"
    r"[Ll]eave|[Rr]ename|[Ss]tate|[Nn]ame|[Aa]dd|[Ss]how|remove|claims|if) .*)"
)
_SMALL = re.compile(r"(?!a$|I$)[A-Za-z0-9]|d[xy]|[A-Za-z]'?\([A-Za-z]\)|[-+*/&:]|\.\.")
_WORD_OF_LATEX = re.compile(r"[\\^_{}|=<>]|\(\.\.")

LONGEST = 72  # characters of a reading that a cell of a table can hold

REFUSED_FORMULAS: dict[str, tuple[str, ...]] = {
    "Where a reader could be misled": (
        r"a = 1/2 c",
        r"a = b^12",
        r"\log b c = \log b + \log c",
        r"\log(b)^2 = 2 \log b",
        r"a = \log \sum_j e^{u_j} / n",
        r"|a||c| = |a c|",
        r"t(c) = c \, t",
        r"{a + c}^2 = a^2",
        r"a = 2 \frac{1}{2} a",
        r"A^{-1}_{ij} A_{ij} = 1",
        r"(A A)^{-1}_{ij} = \frac{1}{(A A)_{ij}}",
    ),
    "Names": (
        r"\hat{a} = a",
        r"\mathbf{u}^\top v = v^\top u",
        r"\sum_n u_n = n",
        r"a = c \div b",
    ),
    "Indices": (
        r"z_i = B_{ij} u_j",
        r"P_1 = u_1",
        r"z_i = u_i",
        r"P_i = u_i \sum_i P_i",
        r"\sum_i (u_{i+1} - u_i) = c",
        r"\sum_{i=1}^{3} P_i = 1",
    ),
    "Shapes": (
        r"u v = v u",
        r"z = u B",
        r"u - 1 = v",
        r"B^2 = B",
        r"\frac{u}{v} v = u",
        r"z = u",
        r"A u \odot v = v \odot A u",
    ),
    "Derivatives": (
        r"\frac{\partial}{\partial A} (u^\top A v) = u v^\top",
        r"\frac{\partial}{\partial a} (a s) = s + a f'(a)",
        r"\frac{d}{da} a^2 c = 2 a c",
        r"\nabla_u z = B",
        r"\frac{d a}{d s} = \frac{1}{f'(a)}",
        r"\frac{d^4 t}{d a^4} = 0",
        r"u' = c",
    ),
    "Constructs that are not tested": (
        r"\sum_i u_i = a + \dots + c",
        r"\log(1 + a) \approx a",
        r"a^2 = c \quad \text{if a is large}",
        r"a^{(1)} = c",
        r"a = \int c",
        r"a = \lim c",
        r"\mathbb{E} a = 0",
        r"a = \arg \max_i u_i",
        r"\sqrt{a^2} = \pm a",
    ),
}


def with_tables(page: str) -> str:
    """The page with its tables made anew."""
    names = bound()
    constructs, mark, _ = page.partition(_MARK)
    constructs = _TABLE.sub(lambda found: of_constructs(found[0], names), constructs)
    return f"{constructs}{mark}{of_refusals(names)}"


def of_constructs(table: str, names: dict[str, Any]) -> str:
    """A table of constructs, with what its first column shows as it is set and as it is read."""
    rows = [[cell.strip() for cell in _CELL.split(row)[1:-1]] for row in table.split("\n")]
    indent = table[: table.index("|")]
    head, _, *body = rows
    title = head[-1]
    lines = [f"| Written | Set | Read as | {title} |", "| --- | --- | --- | --- |"]
    for row in body:
        written, remark = row[0], row[-1]
        lines.append(f"| {written} | {_set(written)} | {read(written, names)} | {remark} |")
    return "\n".join(indent + line for line in lines)


def read(written: str, names: dict[str, Any]) -> str:
    """What the constructs of a row are read as: once, if all are read alike."""
    readings = dict.fromkeys(reading(found["code"], names) for found in _SPAN.finditer(written))
    return ", ".join(_quoted(text) for text in readings if len(text) <= LONGEST) or "..."


def reading(latex: str, names: dict[str, Any]) -> str:
    """The reading of a formula, or of a part of one, as verdicts give it in plain text."""
    for claim in (latex, f"{latex} = 0", f"{latex} = {latex}"):
        try:
            _, _, meanings, _ = understood(claim, names, None, None, None)
        except EquationError as error:
            problem = str(error)
            continue
        if claim == latex:
            return ", ".join(map(display.plain, meanings))
        return display.expression(meanings[0].left)
    raise SystemExit(f"{PAGE}: {problem}")


def _set(written: str) -> str:
    """The formulas among code spans, as they are set."""
    shown = []
    words = re.search(r"[A-Za-z]{2}", _SPAN.sub(lambda found: "`" * len(found[0]), written))
    leading = len(written) if words is None else words.start()
    for found in _SPAN.finditer(written):
        if leading < found.start() and shown:
            break  # what the words behind the constructs speak of
        latex = found["code"].replace("..", r"\ldots")
        try:
            to_mathml(latex)
        except MathError:
            continue
        if re.fullmatch(r"[\\A-Za-z]*(?:mathbf|hat|text)", latex) is None:
            shown.append(f"${_plain(latex)}$")
    return ", ".join(dict.fromkeys(shown))


def _plain(latex: str) -> str:
    """A formula that a cell of a table can hold, which a bar would end."""
    return latex.replace(r"\|", r"\Vert ").replace("|", r"\vert ").strip()


def of_refusals(names: dict[str, Any]) -> str:
    """For each kind of refusal a table: as written, as set, why, and what to write."""
    count = sum(map(len, REFUSED_FORMULAS.values()))
    parts = [f'??? note "{count} formulas that are refused, and what to write instead"\n']
    for title, formulas in REFUSED_FORMULAS.items():
        lines = ["| Written | Set | Refused, since | Write instead |", "| --- | --- | --- | --- |"]
        for latex in formulas:
            why, advice = (_in_cell(part) for part in divided(message_of(latex, names)))
            lines.append(f"| {_code(latex)} | ${_plain(latex)}$ | {why} | {advice} |")
        parts.append("\n".join(f"    {line}" for line in (f"### {title}", "", *lines)) + "\n")
    return "\n".join(parts).replace("    \n", "\n")


def message_of(latex: str, names: dict[str, Any]) -> str:
    """What the dialect says of a formula that it refuses."""
    try:
        check_equation(latex, names)
    except EquationError as error:
        return error.message
    raise SystemExit(f"{PAGE}: {latex} is not refused")


def bound() -> dict[str, Any]:
    """What the page binds, in Python and in LaTeX."""
    names: dict[str, Any] = {}
    for cell in find_cells(PAGE.read_text("utf-8"), PAGE.name):
        if cell.kind == "python":
            exec(cell.source, names)
        elif cell.role is Role.LET:
            names |= declare(cell.source, names)
    return names


def divided(message: str) -> tuple[str, str]:
    """The reason of a refusal, and the advice behind it."""
    found = _ADVICE.fullmatch(message)
    if found is None:
        return message, ""
    advice = found["advice"]
    mark = found["mark"].replace(":", "")
    return found["why"] + mark, advice[0].upper() + advice[1:]


def _in_cell(text: str) -> str:
    """A message as a cell, in which what is LaTeX, or an option, stands as code."""
    words = re.findall(r'\w+="[^"]*"\S*|\S+', text)
    found: list[str] = []
    run: list[str] = []
    for word in [*words, "and"]:
        bare = _bare(word)
        if _WORD_OF_LATEX.search(bare) or '="' in bare or _SMALL.fullmatch(bare):
            run.append(word)
            if bare == word:
                continue
            found += _as_code(run)
            run = []
            continue
        found += _as_code(run)
        run = []
        found.append(word)
    return " ".join(found[:-1])


def _bare(text: str) -> str:
    """A text without the punctuation that ends it, of which dots are none, nor is a macro's."""
    if text in (":", r"\left."):
        return text
    return re.sub(r"(?<!\\)(?<!\.)[,.:;?]$|(?<=\.\.)[,:;?]$", "", text)


def _as_code(run: list[str]) -> list[str]:
    """Words side by side, as one piece of code if one of them is LaTeX."""
    if not any(_WORD_OF_LATEX.search(word) for word in run):
        return run
    text = " ".join(run)
    bare = _bare(text)
    opened = bare.endswith(")") and bare.count(")") > bare.count("(")
    bare = bare[:-1] if opened else bare
    return [_code(bare) + text[len(bare) :]]


def _quoted(text: str) -> str:
    """A reading as code in a cell of a table, which a bar would end."""
    if "|" not in text:
        return f"`{text}`"
    return f"<code>{html.escape(text).replace('|', '&#124;')}</code>"


def _code(text: str) -> str:
    """A piece of code in a cell of a table, which a bar would end."""
    return "`" + re.sub(r"\|(?=([A-Za-z])?)", lambda bar: r"\vert" + " " * bool(bar[1]), text) + "`"


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
