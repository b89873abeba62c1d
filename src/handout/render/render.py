"""Verdicts and outcomes as HTML. Every string that comes from a page or a cell is escaped here.

This is the one door: the build asks for badges, cards, outputs, counts and the table of verdicts.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from handout.render.badge import Verdict, anchor, badge, count, icon, judged, status_svg
from handout.render.numerals import scientific
from handout.run.process.pictures import FIGURE

__all__ = [
    "badge",
    "cards",
    "output",
    "page_head",
    "place",
    "status_svg",
    "table",
    "with_head",
]

_EMPTY_HEADER = re.compile(r"<th((?: [^<>]*)?)>\s*</th>")
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # terminal escapes, which tracebacks carry


def output(outcome: Mapping[str, Any], title: str = "", of: Verdict | None = None) -> str:
    """What a cell printed and drew, and how it failed if it did; nothing for a silent cell.

    Args:
        outcome: what the worker measured: `stdout`, `truncated`, `pictures` and `error`.
        title: of the cell, which serves its pictures as text alternative.
        of: the verdict to which links lead here.
    """
    parts = []
    if outcome.get("stdout"):
        cut = "\n… (the rest of the output is not shown)" if outcome.get("truncated") else ""
        parts.append(_terminal("Output", outcome["stdout"] + cut))
    parts += [picture(drawn, title) for drawn in outcome.get("pictures") or ()]
    if outcome.get("error"):
        error = outcome["error"]
        parts.append(_terminal("Error", error.get("traceback") or error["message"]))
    if not parts:
        return ""
    place = "" if of is None else f' id="{escape(anchor(of))}"'
    return f'<div class="cell-outputs"{place} data-search-exclude>{"".join(parts)}</div>'


def cards(verdicts: Sequence[Verdict]) -> str:
    """The cards of what stands above them, such as a claim's steps."""
    from handout.render import cards as made  # most pages of a text make no claims

    return made.cards(verdicts)


def place(verdict: Verdict) -> str:
    """Where the links to a verdict without a card lead."""
    return f'<span id="{escape(anchor(verdict))}"></span>'


def page_head(verdicts: Sequence[Verdict]) -> str:
    """The line under a page's title: how many claims it makes, and how they fared."""
    if not verdicts:
        return ""
    claims = "claim" if len(verdicts) == 1 else "claims"
    state = "verified" if all(v["ok"] for v in verdicts) else "error"
    return (
        f'<p class="verdict-count verdict-{state}" data-search-exclude>{icon(state)}'
        f"{len(verdicts)} {claims} tested at this build: {escape(count(verdicts))}.</p>"
    )


def with_head(html: str, verdicts: Sequence[Verdict]) -> str:
    """A page's HTML with the line of its verdicts under the title, or at the top without one."""
    return _under_title(html, page_head(verdicts))


def with_download(html: str, name: str) -> str:
    """A notebook's HTML with a link under the title to the notebook itself."""
    link = f'<a href="{escape(quote(name))}" download>Download this notebook</a>'
    return _under_title(html, f'<p class="notebook-download" data-search-exclude>{link}</p>')


def _under_title(html: str, head: str) -> str:
    before, title, after = html.partition("</h1>")
    return before + title + head + after if title else head + html


def without_empty_headers(html: str) -> str:
    """A page's HTML in which the empty corner of a table is a cell, and heads nothing."""
    return _EMPTY_HEADER.sub(r"<td\1></td>", html) if "</th>" in html else html


def table(verdicts: Sequence[Verdict], address: Callable[[str], str]) -> str:
    """All verdicts as a table, which a script can filter by page, kind and status.

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
    for name in ("page", "kind", "status"):
        values = sorted({str(verdict[name]) for verdict in verdicts})
        options = "".join(f'<option value="{escape(v)}">{escape(v)}</option>' for v in values)
        choices.append(
            f'<label>{name.title()}<select data-name="{name}" autocomplete="off">'
            f'<option value="">all</option>{options}</select></label>'
        )
    return f'<div class="verdict-filters">{"".join(choices)}</div>'


def _row(verdict: Verdict, page: str) -> str:
    status = verdict["status"]
    claim = escape(verdict["id"]) + (
        f", step {verdict['step']}" if (verdict["step"] or 1) > 1 else ""
    )
    error = verdict["max_rel_error"]
    word = status if verdict["ok"] else judged(verdict)
    return (
        f'<tr data-status="{escape(status)}" data-kind="{escape(verdict["kind"])}"'
        f' data-page="{escape(verdict["page"])}">'
        f'<td><span class="verdict-badge verdict-{status}{"" if verdict["ok"] else " unexpected"}">'
        f"{icon(status)}<span>{escape(word)}</span></span></td>"
        f'<td><a href="{escape(f"{page}#{anchor(verdict)}")}">{claim}</a></td>'
        f"<td>{escape(verdict['kind'])}</td><td>{escape(verdict['page'])}</td>"
        f"<td>{'' if error is None else scientific(error)}</td></tr>"
    )


def _terminal(label: str, text: str) -> str:
    """Text of a terminal, without its colours, in a box of its own."""
    name = f"cell-{label.lower()}"
    shown = escape(_COLOUR.sub("", text).rstrip("\n"))
    return f'<pre class="{name}" role="group" aria-label="{label}">{shown}</pre>'


def picture(drawn: Mapping[str, str], title: str) -> str:
    """A figure drawn here from its description, a drawing without what could act, or an image.

    A drawing that the page cannot hold is shown as an image, in which no script runs.
    """
    # Loaded here, because most pages have no pictures.
    from handout.render.figures import draw
    from handout.render.sanitise import SvgError, sanitise

    if drawn["type"] == FIGURE:
        try:
            return draw(json.loads(base64.b64decode(drawn["data"])))
        except ValueError as error:
            return _terminal("Error", f"This figure cannot be drawn: {error}.")
    alt = title or "Drawn by the code above"
    if drawn["type"] == "image/svg+xml":
        drawing = base64.b64decode(drawn["data"]).decode("utf-8", "replace")
        prefix = f"p{hashlib.sha256(drawing.encode()).hexdigest()[:8]}-"
        with contextlib.suppress(SvgError):
            return f'<div class="cell-picture">{sanitise(drawing, prefix, alt)}</div>'
    source = escape(f"data:{drawn['type']};base64,{drawn['data']}")
    return f'<img class="cell-picture" src="{source}" alt="{escape(alt)}">'
