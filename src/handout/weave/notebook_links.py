"""Links in a notebook's text to other pages: by their files, as on any page."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from html import escape, unescape

from handout.page.pages import Page
from handout.page.problems import Problem

_LINK = re.compile(
    r'(?P<start><a\b[^>]*?\bhref=")(?P<path>[^"#?:]+\.(?:md|ipynb))(?P<part>#[^"]*)?"(?! download)'
)


def resolved(html: str, page: Page, address: Callable[[str], str]) -> tuple[str, list[Problem]]:
    """A notebook's HTML whose links lead to pages of the site, and those that lead to none.

    Args:
        html: what was rendered of the notebook.
        page: the notebook.
        address: the address of a page as seen from this one, given its name; empty without one.
    """
    lost: list[Problem] = []

    def link(found: re.Match[str]) -> str:
        path = unescape(found["path"])
        name = posixpath.normpath(posixpath.join(posixpath.dirname(page.name), path))
        target = address(name)
        if not target:
            line = next((n for n, text in enumerate(page.text.split("\n"), 1) if path in text), 1)
            lost.append(Problem(page.shown, line, f"links to {path}, which is no page of the site"))
            return found[0]
        return f'{found["start"]}{escape(target)}{found["part"] or ""}"'

    return _LINK.sub(link, html), lost
