"""What a search has to read of a page's HTML, of which most is tags that it passes over.

Material's search goes through a page in Python, tag by tag, which takes a third of a build: nearly
all of them are MathML, what cells and claims show, which it is told not to index, and the colours
of code.
"""

from __future__ import annotations

import re

_MATHML = re.compile(r"<math\b.*?</math>", re.DOTALL)
_EXCLUDED = re.compile(r"<(?P<name>div|details|svg)\b[^<>]*\bdata-search-exclude\b[^<>]*>")
_HEADING = re.compile(r"<h[1-6]\b")  # begins a section, wherever it stands
_CODE = re.compile(
    r"(?P<start><pre\b[^<>]*>(?:<span></span>)?<code\b[^<>]*>)"
    r"(?P<code>[^<]*(?:</?(?:span|a)\b[^<>]*>[^<]*)+)(?=</code></pre>)"
)
_TAG = re.compile(r"</?(?P<name>span|a)\b[^<>]*>")


def searched(html: str, material: bool) -> str:
    """A page's HTML without MathML, in whose place comments stand: words around it stay apart.

    Args:
        html: of the page.
        material: whether the search is Material's: it leaves out what is marked so, and puts
            nothing between the texts on both sides of a tag within code. So both go.
    """
    html = _MATHML.sub("<!-- -->", html)
    return _CODE.sub(_without_colours, _without_excluded(html)) if material else html


def _without_excluded(html: str) -> str:
    parts = []
    at = 0
    while found := _EXCLUDED.search(html, at):
        end = _end(html, found["name"], found.end())
        if end == found.end() or _HEADING.search(html, found.end(), end):
            end = found.end()
            parts.append(html[at:end])
        else:
            parts += (html[at : found.start()], "<!-- -->")
        at = end
    return "".join((*parts, html[at:]))


def _end(html: str, name: str, at: int) -> int:
    """Where an element ends whose start tag ends at a place; there, if nothing ends it."""
    depth = 1
    for tag in re.compile(rf"<(?P<end>/?){name}\b").finditer(html, at):
        depth += -1 if tag["end"] else 1
        if depth == 0:
            return html.index(">", tag.end()) + 1
    return at


def _without_colours(found: re.Match[str]) -> str:
    tags = [tag[0] for tag in _TAG.finditer(found["code"])]
    ends = sum(tag[1] == "/" for tag in tags)
    if 2 * ends != len(tags) or "data-search" in found["code"]:
        return found[0]
    return found["start"] + _TAG.sub("", found["code"])
