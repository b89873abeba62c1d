"""What a search has to read of a page's HTML, of which most is tags that it passes over.

Material's search goes through a page in Python, tag by tag, which takes a third of a build: nearly
all of them are MathML and drawings, which it is told not to index, and the colours of code.
"""

from __future__ import annotations

import re

_MATHML = re.compile(r"<math\b.*?</math>", re.DOTALL)
_DRAWING = re.compile(r'(?<=<div class="cell-picture">)<svg\b.*?</svg>(?=</div>)', re.DOTALL)
_CODE = re.compile(
    r"(?P<start><pre\b[^<>]*>(?:<span></span>)?<code\b[^<>]*>)"
    r"(?P<code>[^<]*(?:</?(?:span|a)\b[^<>]*>[^<]*)+)(?=</code></pre>)"
)
_TAG = re.compile(r"</?(?P<name>span|a)\b[^<>]*>")


def searched(html: str, material: bool) -> str:
    """A page's HTML without MathML, in whose place comments stand: words around it stay apart.

    Args:
        html: of the page.
        material: whether the search is Material's: it leaves out what is marked so, as drawings of
            cells are, and puts nothing between the texts on both sides of a tag within code. So
            both go.
    """
    html = _MATHML.sub("<!-- -->", html)
    return _CODE.sub(_without_colours, _DRAWING.sub("", html)) if material else html


def _without_colours(found: re.Match[str]) -> str:
    tags = [tag[0] for tag in _TAG.finditer(found["code"])]
    ends = sum(tag[1] == "/" for tag in tags)
    if 2 * ends != len(tags) or "data-search" in found["code"]:
        return found[0]
    return found["start"] + _TAG.sub("", found["code"])
