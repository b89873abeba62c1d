"""All verdicts of a handout as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from handout.judge.verdict import Verdict
from handout.render.badge import anchor, claims_of, count, icon, judged, number, state, word
from handout.render.numerals import scientific


def table(
    verdicts: Sequence[Verdict],
    address: Callable[[str], str],
    title: Callable[[str], str] = lambda page: page,
) -> str:
    """All verdicts as a table, which a script can filter by page, kind and verdict.

    Args:
        verdicts: of every page.
        address: the address of a page, given its path among the documents.
        title: the title of a page, given the same.
    """
    rows = "".join(_row(v, address(v["page"]), title(v["page"])) for v in verdicts)
    names = ("Verdict", "Claim", "Kind", "Page", "Relative error")
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    return (
        f'<div class="verdict-table" data-search-exclude>{_filters(verdicts, title)}'
        f'<p class="verdict-summary" role="status">{_summary(verdicts)}</p>'
        '<div class="verdict-scroll" role="group" aria-label="All verdicts">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></div>"
    )


def _summary(verdicts: Sequence[Verdict]) -> str:
    claims = claims_of(verdicts)
    cells = len(verdicts) - len(claims)
    ran = f" {number(cells, 'cell')} of code ran." if cells else ""
    return f"{number(len(claims), 'claim')}: {escape(count(claims))}.{ran}"


def _word(verdict: Verdict) -> str:
    """The state in words; code that ran claims nothing, so nothing of it is verified."""
    return "ran" if verdict["kind"] == "code" and state(verdict) == "verified" else word(verdict)


def _filters(verdicts: Sequence[Verdict], title: Callable[[str], str]) -> str:
    """A choice for each of page, kind and status; without scripts the style hides them."""
    choices = []
    for name, value_of in _CHOICES.items():
        values = sorted({str(value_of(verdict)) for verdict in verdicts})
        shown = title if name == "page" else str
        options = "".join(
            f'<option value="{escape(v)}">{escape(shown(v))}</option>' for v in values
        )
        choices.append(
            f'<label>{name.title()}<select data-name="{name}" autocomplete="off">'
            f'<option value="">all</option>{options}</select></label>'
        )
    return f'<div class="verdict-filters">{"".join(choices)}</div>'


#: What rows are chosen by, each with what it is of a verdict.
_CHOICES: dict[str, Callable[[Verdict], str]] = {
    "page": lambda verdict: verdict["page"],
    "kind": lambda verdict: verdict["kind"],
    "status": lambda verdict: _word(verdict),
}


def _row(verdict: Verdict, page: str, title: str) -> str:
    name = state(verdict)
    claim = escape(verdict["id"]) + (f", step {verdict['step']}" if verdict["step"] > 1 else "")
    error = verdict["max_rel_error"]
    said = _word(verdict) if verdict["ok"] else judged(verdict)
    return (
        f'<tr data-status="{escape(_word(verdict))}" data-kind="{escape(verdict["kind"])}"'
        f' data-page="{escape(verdict["page"])}">'
        f'<td><span class="verdict-badge verdict-{name}{"" if verdict["ok"] else " unexpected"}">'
        f"{icon(name)}<span>{escape(said)}</span></span></td>"
        f'<td><a href="{escape(f"{page}#{anchor(verdict)}")}">{claim}</a></td>'
        f"<td>{escape(verdict['kind'])}</td><td>{escape(title)}</td>"
        f"<td>{'' if error is None else scientific(error)}</td></tr>"
    )
