"""What stands under a page's title: how its claims fared, and where to get its notebook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from urllib.parse import quote

from handout.judge.formulas import Coverage, Formula
from handout.judge.verdict import Verdict
from handout.render.badge import claims_of, count, icon, number

_EMPTY_HEADER = re.compile(r"<th((?: [^<>]*)?)>\s*</th>")
_LONGEST = 80  # characters of a formula in the list of those that are not tested


def page_head(verdicts: Sequence[Verdict], formulas: Coverage) -> str:
    """The lines under a page's title: how its claims fared, and which formulas are not tested."""
    said = " ".join(_sentences(verdicts, formulas))
    if not said:
        return ""
    state = "verified" if all(v["ok"] for v in verdicts) else "error"
    if not verdicts:
        state = "inconclusive"
    head = (
        f'<p class="verdict-count verdict-{state}" data-search-exclude>{icon(state)}'
        f"<span>{said}</span></p>"
    )
    return head + _untested(formulas.untested)


def _sentences(verdicts: Sequence[Verdict], formulas: Coverage) -> Iterator[str]:
    claims = claims_of(verdicts)
    cells = [verdict for verdict in verdicts if verdict["kind"] == "code"]
    if claims:
        yield f"{number(len(claims), 'claim')} tested at this build: {escape(count(claims))}."
    if cells:
        failed = sum(not cell["ok"] for cell in cells)
        ended = f"{failed} not as expected" if failed else "as expected"
        yield f"{number(len(cells), 'cell')} of code ran, {ended}."
    if formulas.counted and (formulas.untested or claims):
        yield f"{formulas.tested} of {number(formulas.counted, 'formula')} tested."


def _untested(formulas: Sequence[Formula]) -> str:
    """The formulas that are not tested, each with its reason, folded away."""
    if not formulas:
        return ""
    items = "".join(
        f"<li>line {formula.line}: <code>{escape(_short(formula.latex))}</code>"
        f" {escape(formula.reason)}</li>"
        for formula in formulas
    )
    return (
        '<details class="untested" data-search-exclude>'
        f"<summary>{number(len(formulas), 'formula')} not tested, and why</summary>"
        f"<ul>{items}</ul></details>"
    )


def _short(latex: str) -> str:
    return latex if len(latex) <= _LONGEST else latex[: _LONGEST - 1] + "…"


def download(name: str, words: str) -> str:
    """A link to the notebook of a page, to stand under its title."""
    link = f'<a href="{escape(quote(name))}" download>{escape(words)}</a>'
    return f'<p class="notebook-download" data-search-exclude>{link}</p>'


def under_title(html: str, head: str) -> str:
    """A page's HTML with some more lines under its title, or at the top without one."""
    if not head:
        return html
    before, title, after = html.partition("</h1>")
    return before + title + head + after if title else head + html


def without_empty_headers(html: str) -> str:
    """A page's HTML in which the empty corner of a table is a cell, and heads nothing."""
    return _EMPTY_HEADER.sub(r"<td\1></td>", html) if "</th>" in html else html
