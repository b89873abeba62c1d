"""Links and pictures in a notebook's text: by their files, as on any page."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import unquote

from handout.page.pages import Page
from handout.page.problems import Problem

#: An element that names a file; its address has no scheme, and is none of the site's root.
_NAMED = re.compile(
    r'(?P<start><(?:a\b[^>]*?\shref|(?:img|source|video|audio)\b[^>]*?\ssrc)=")'
    r'(?P<path>[^"#?:/][^"#?:]*\.\w+)(?P<part>[?#][^"]*)?"(?! download)'
)
_PAGES = (".md", ".ipynb")


def resolved(html: str, page: Page, address: Callable[[str], str]) -> tuple[str, list[Problem]]:
    """A notebook's HTML, its links and pictures found from its page; and links that lead nowhere.

    Args:
        html: what was rendered of the notebook, with addresses as its author wrote them.
        page: the notebook.
        address: the address of a file as seen from this page, given its path among the documents;
            empty where the site has no such file.
    """
    lost: list[Problem] = []

    def link(found: re.Match[str]) -> str:
        path = unescape(found["path"])
        name = posixpath.normpath(posixpath.join(posixpath.dirname(page.name), unquote(path)))
        target = address(name)
        if not target:
            if path.endswith(_PAGES):
                line = next((n for n, t in enumerate(page.text.split("\n"), 1) if path in t), 1)
                message = f"links to {path}, which is no page of the site"
                lost.append(Problem(page.shown, line, message, code="H608", subject=path))
            return found[0]
        return f'{found["start"]}{escape(target)}{found["part"] or ""}"'

    return _NAMED.sub(link, html), lost
