"""All verdicts of a handout as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from handout.judge.verdict import Verdict
from handout.render.badge import STATES, anchor, count, icon, judged, state
from handout.render.numerals import scientific


def table(verdicts: Sequence[Verdict], address: Callable[[str], str]) -> str:
    """All verdicts as a table, which a script can filter by page, kind and verdict.

    Args:
        verdicts: of every page.
        address: the address of a page, given its path among the documents.
    """
    rows = "".join(_row(verdict, address(verdict["page"])) for verdict in verdicts)
    names = ("Verdict", "Claim", "Kind", "Page", "Relative error")
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    return (
        f'<div class="verdict-table" data-search-exclude>{_filters(verdicts)}'
        f'<p class="verdict-summary" role="status">{len(verdicts)} verdicts: '
        f"{escape(count(verdicts))}.</p>"
        '<div class="verdict-scroll" role="group" aria-label="All verdicts">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></div>"
    )


def _filters(verdicts: Sequence[Verdict]) -> str:
    """A choice for each of page, kind and status; without scripts the style hides them."""
    choices = []
    for name, value_of in _CHOICES.items():
        values = sorted({str(value_of(verdict)) for verdict in verdicts})
        options = "".join(f'<option value="{escape(v)}">{escape(v)}</option>' for v in values)
        choices.append(
            f'<label>{name.title()}<select data-name="{name}" autocomplete="off">'
            f'<option value="">all</option>{options}</select></label>'
        )
    return f'<div class="verdict-filters">{"".join(choices)}</div>'


#: What rows are chosen by, each with what it is of a verdict.
_CHOICES: dict[str, Callable[[Verdict], str]] = {
    "page": lambda verdict: verdict["page"],
    "kind": lambda verdict: verdict["kind"],
    "status": lambda verdict: STATES[state(verdict)],
}


def _row(verdict: Verdict, page: str) -> str:
    name = state(verdict)
    claim = escape(verdict["id"]) + (f", step {verdict['step']}" if verdict["step"] > 1 else "")
    error = verdict["max_rel_error"]
    word = STATES[name] if verdict["ok"] else judged(verdict)
    return (
        f'<tr data-status="{escape(STATES[name])}" data-kind="{escape(verdict["kind"])}"'
        f' data-page="{escape(verdict["page"])}">'
        f'<td><span class="verdict-badge verdict-{name}{"" if verdict["ok"] else " unexpected"}">'
        f"{icon(name)}<span>{escape(word)}</span></span></td>"
        f'<td><a href="{escape(f"{page}#{anchor(verdict)}")}">{claim}</a></td>'
        f"<td>{escape(verdict['kind'])}</td><td>{escape(verdict['page'])}</td>"
        f"<td>{'' if error is None else scientific(error)}</td></tr>"
    )
