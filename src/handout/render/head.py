"""What stands under a page's title: how its claims fared, and where to get its notebook."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from handout.judge.verdict import Verdict
from handout.render.badge import count, icon

_EMPTY_HEADER = re.compile(r"<th((?: [^<>]*)?)>\s*</th>")


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
