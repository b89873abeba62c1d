r"""The mathematics of one page: every formula of its HTML becomes MathML.

`pymdownx.arithmatex` (generic) has marked the formulas of Markdown; those of a notebook are still
between dollars. All formulas of a page are converted together, so that they share equation numbers
and `\eqref{ID}`, or `[[eq:ID]]` in a sentence, finds its `\label` anywhere on the page.

A formula that is not converted stays marked, which is how MathJax and KaTeX find it.
"""

from __future__ import annotations

import contextlib
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from handout.judge.verdict import Verdict
from handout.math.mathml import MathError, display, to_mathml, to_mathml_page
from handout.math.plain import plain_of, to_plain
from handout.page.pages import Page
from handout.page.problems import Problem
from handout.render.errata import drawn, with_marks
from handout.render.objects import Objects, in_formula

_TAG = r"""</?[a-zA-Z](?:"[^"]*"|'[^']*'|[^'">])*>"""
# A formula that is marked, or a reference to an equation's number, also as LaTeX writes it.
_SITE = re.compile(
    r'<(?P<tag>span|div) class="arithmatex(?P<claim> claim-formula)?"'
    r'(?: data-cell="(?P<cell>\d+)")?>(?P<body>.*?)</(?P=tag)>'
    r"|\[\[eq:(?P<label>[\w:.-]+)\]\]"
    r"|\(?\\(?:eq)?ref\{(?P<ref>[\w:.-]+)\}\)?"
    rf"|(?P<other>{_TAG})",
    re.DOTALL,
)
_IN_TITLE = re.compile(r"\\\((.+?)\\\)", re.DOTALL)  # arithmatex's own delimiters, tags stripped
_DOLLARS = re.compile(
    r"(?<![\\$\w])\$(?=\S)((?:\\.|[^$\\])+?)(?<=\S)\$(?![\w$])"
)  # in a title, too
_ANCHOR = re.compile(r"</?a[\s>]", re.IGNORECASE)
_LITERAL = re.compile(r"<(pre|code|script|style|textarea|svg)\b", re.IGNORECASE)
#: An inline formula and the punctuation after it, between which a browser would end a line.
_ENDS = re.compile(
    r'<math\b(?:(?!</math>).)*</math><span class="math-words" hidden>[^<]*</span>[.,;:!?)]+',
    re.DOTALL,
)
_LINK = re.compile(r'<math[^>]*><mtext>(<a href="#[^"]*">\([^<]*\)</a>)</mtext></math>')
_UNMARKED = re.compile(
    r"\\\$(?P<escaped>)|"  # which Jupyter's typesetter, too, shows as a dollar
    r"\$\$(?P<dollars>[^$<]+?)\$\$"
    r"|(?P<environment>\\begin\{(?P<name>(?:equation|align|gather)\*?)\}.+?\\end\{(?P=name)\})"
    r"|(?<![\\$\w])\$(?P<inline>(?=\S)(?:\\.|[^$\\<])+?(?<=\S))\$(?![\w$])"
    r"|(?<![\\$\w])\$(?P<roomy>(?=[^$<]*[\\_^])(?:\\.|[^$\\<])+?)\$(?![\w$])",
    re.DOTALL,
)


class _MarkedFormula(NamedTuple):
    latex: str
    display: bool
    written: str  # as it stands in the author's file
    marked: str  # as it stands in the HTML, or would
    wanted: bool  # as MathML
    cell: int | None = None  # of the page, whose formula it is


def mark(latex: str, display: bool = True, cell: int | None = None) -> str:
    """LaTeX as the HTML that `convert` looks for; a formula of a cell names it."""
    left, right = (r"\[", r"\]") if display else (r"\(", r"\)")
    names = "arithmatex" if cell is None else f'arithmatex claim-formula" data-cell="{cell}'
    return f'<span class="{names}">{left}{html.escape(latex)}{right}</span>'


def mark_dollars(content: str) -> str:
    r"""Mark the formulas that stand between dollars in HTML, as those of a notebook do.

    Code is left alone, and so is a dollar with a blank on its inner side, as in prices, unless what
    follows is LaTeX, which Jupyter sets. No formula spans a tag: a less-than sign within one is an
    entity.
    """

    def marked(found: re.Match[str]) -> str:
        if found["escaped"] is not None:
            return "$"
        shown_apart = found["dollars"] or found["environment"]
        latex = shown_apart or found["inline"] or found["roomy"].strip()
        return mark(html.unescape(latex), bool(shown_apart))

    return "".join(
        part if literal else _UNMARKED.sub(marked, part) for part, literal in parts(content)
    )


def mark_titles(text: str) -> str:
    r"""A title of a notebook, whose formulas are between dollars, with `\(` and `\)` for them."""
    return _DOLLARS.sub(r"\\(\1\\)", text)


def title(text: str, macros: Mapping[str, str] | None = None) -> str:
    """A heading's text with MathML, as a table of contents shows it.

    What fails is left as it is: the heading itself is where it is reported.
    """

    if r"\(" not in text:
        return text

    def shown(found: re.Match[str]) -> str:
        with contextlib.suppress(MathError):
            return to_mathml(html.unescape(found[1]).strip(), macros=macros)
        return found[0]

    return _IN_TITLE.sub(shown, text)


def plain(text: str, macros: Mapping[str, str] | None = None) -> str:
    """A title without markup: its formulas as plain text. What fails is left as it is."""
    if r"\(" not in text and "$" not in text:
        return text

    def shown(found: re.Match[str]) -> str:
        with contextlib.suppress(MathError):
            return to_plain(html.unescape(found[1]).strip(), macros)
        return found[0]

    return _DOLLARS.sub(shown, _IN_TITLE.sub(shown, text))


def convert(
    content: str,
    page: Page | None,
    macros: Mapping[str, str] | None = None,
    which: bool | str = True,
    keep: bool = False,
    verdicts: Mapping[int, Sequence[Verdict]] | None = None,
    objects: Objects | None = None,
) -> tuple[str, list[Problem]]:
    """A page's HTML with MathML for its formulas, and what is wrong with those that failed.

    Args:
        content: the page's HTML.
        page: as its author wrote it, in which the lines of problems are found.
        macros: as `handout.math.mathml.to_mathml` takes them.
        which: all formulas, none, or "claims".
        verdicts: on the formulas of cells, by the number of the cell, which are drawn on them.
        objects: what the page's graphs show, which formulas speak of as well.
        keep: whether a formula that fails stays marked; if not, it is shown as its source.

    Raises:
        MathError: a macro is not LaTeX that can be converted.
    """
    if not any(sign in content for sign in ('class="arithmatex', "[[eq:", "ref{")):
        return content, []
    formulas = list(_formulas(content, which))
    wanted = [formula for formula in formulas if formula.wanted]
    found = [(verdicts or {}).get(-1 if f.cell is None else f.cell, ()) for f in wanted]
    written = [(with_marks(f.latex, on), f.display) for f, on in zip(wanted, found, strict=True)]
    converted = to_mathml_page(written, macros)
    made = [
        _shown(f, mathml, on, objects or Objects(), keep)
        for f, mathml, on in zip(wanted, converted, found, strict=True)
    ]
    problems = list(_problems(wanted, converted, page))
    in_turn = iter(made)
    shown = iter([next(in_turn) if formula.wanted else formula.marked for formula in formulas])
    html_of_page = "".join(
        part
        if literal
        else _ENDS.sub(
            r'<span class="math-end">\g<0></span>',
            _SITE.sub(lambda found: found["other"] or next(shown), part),
        )
        for part, literal in parts(content)
    )
    return html_of_page, problems


def formulas(content: str) -> list[tuple[str, bool]]:
    """LaTeX of every formula that is marked in HTML, and whether it is a display formula."""
    return [
        (formula.latex, formula.display)
        for formula in _formulas(content, True)
        if not formula.latex.startswith(r"\eqref{")
    ]


def parts(content: str) -> Iterator[tuple[str, bool]]:
    """HTML in pieces, each with whether it is literal text, in which nothing may be replaced."""
    start = at = 0
    while found := _LITERAL.search(content, at):
        at = found.end()
        end = re.compile(f"</{found[1]}>", re.IGNORECASE).search(content, at)
        if end is not None:
            yield content[start : found.start()], False
            yield content[found.start() : end.end()], True
            start = at = end.end()
    yield content[start:], False


def outside_tags(
    pattern: re.Pattern[str],
    replace: Callable[[re.Match[str], bool], str],
    content: str,
    in_link: bool = False,
) -> str:
    """Replace in the text of HTML; what stands inside a tag, as in an attribute, stays.

    Args:
        pattern: of what is replaced.
        replace: gives what to put there, knowing whether that is within the text of a link.
        content: the HTML.
        in_link: whether a link is open where it begins.
    """
    if pattern.search(content) is None:
        return content
    done = []
    for place, piece in enumerate(re.split(f"({_TAG})", content)):
        if place % 2:
            in_link = ends_in_link(piece, in_link)
            done.append(piece)
        else:
            done.append(pattern.sub(lambda found, inside=in_link: replace(found, inside), piece))
    return "".join(done)


def ends_in_link(content: str, in_link: bool = False) -> bool:
    """Whether a link is open at the end of a piece of HTML, given whether one is at its start."""
    tags = _ANCHOR.findall(content)
    return not tags[-1].startswith("</") if tags else in_link


def _formulas(content: str, which: bool | str) -> Iterator[_MarkedFormula]:
    for part, literal in parts(content):
        for found in () if literal else _SITE.finditer(part):
            if found["other"]:
                continue
            if label := found["label"] or found["ref"]:
                latex = rf"\eqref{{{label}}}"
                marked = mark(latex, display=False)
                yield _MarkedFormula(latex, False, found[0], marked, which is True)
            else:
                delimited = html.unescape(found["body"]).strip()
                latex = delimited[2:-2].strip()
                wanted = which is True or bool(which == "claims" and found["claim"])
                alone = delimited.startswith(r"\[")
                cell = None if found["cell"] is None else int(found["cell"])
                yield _MarkedFormula(latex, alone, latex, found[0], wanted, cell)


def _shown(
    formula: _MarkedFormula,
    mathml: str | MathError,
    verdicts: Sequence[Verdict],
    objects: Objects,
    keep: bool,
) -> str:
    if isinstance(mathml, MathError):
        if keep:
            return formula.marked
        return f'<code class="math-error">{html.escape(formula.latex)}</code>'
    if _LINK.search(mathml):
        return _LINK.sub(r"\1", mathml)  # a reference alone is a link like any other
    # A host's search indexes text, of which MathML has none that reads well.
    words = f'<span class="math-words" hidden>{html.escape(plain_of(mathml), quote=False)}</span>'
    shown = in_formula(drawn(mathml, verdicts, display), objects) + words
    return f'<span class="math-display">{shown}</span>' if formula.display else shown


def _problems(
    formulas: list[_MarkedFormula], converted: list[str | MathError], page: Page | None
) -> Iterator[Problem]:
    """The errors with their lines: formulas stand in the page in the order of the file."""
    if not any(isinstance(mathml, MathError) for mathml in converted):
        return
    shown, text = (page.shown, page.text) if page is not None else ("", "")
    start = 0
    for formula, mathml in zip(formulas, converted, strict=True):
        at, exact = _find(formula.written, text, start)
        start = at
        if isinstance(mathml, MathError):
            offset = mathml.position if exact and formula.written == formula.latex else 0
            line = text.count("\n", 0, at + offset) + 1
            message = f"{mathml.message} The formula is: {formula.written}"
            code = "H609" if _is_reference(formula.latex) else "H602"
            yield Problem(shown, line, message, code=code, subject=formula.written)


def _is_reference(latex: str) -> bool:
    """Whether a formula is a reference alone, which fails for want of a label only."""
    return latex.startswith(r"\eqref{") and latex.endswith("}") and latex.count("{") == 1


def _find(written: str, source: str, start: int) -> tuple[int, bool]:
    """Where a formula stands in a file from `start` on, and whether it does so word for word.

    A notebook holds its lines as JSON strings; there the first line is found.
    """
    at = source.find(written, start)
    if at >= 0:
        return at, True
    first_line = json.dumps(written.split("\n", 1)[0], ensure_ascii=False)[1:-1]
    at = source.find(first_line, start)
    return (at, False) if at >= 0 else (start, False)
