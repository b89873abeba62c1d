"""Tables, formulas and Markdown that a cell shows, as HTML that may stand in a page.

A page trusts what its author wrote, and not what its cells show: a data frame holds somebody's
data. So HTML is parsed and written anew by a sanitiser, with text, tables, lists and images that
are part of it; scripts, styles, forms, frames and what would be fetched from elsewhere go.
"""

from __future__ import annotations

import re
from html import escape

from handout.math.mathml import MathError, to_mathml
from handout.render.outputs import picture
from handout.run.outcomes import Bundle

_TAGS = set(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption "
    "figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre s samp small span strong sub "
    "summary sup table tbody td tfoot th thead tr u ul var".split()
)
_DROPPED = set(
    "script style iframe object embed template noscript svg math select textarea title head "
    "audio video canvas".split()
)
_ATTRIBUTES = {
    "a": {"href", "title"}, "abbr": {"title"}, "img": {"src", "alt", "width", "height"},
    "col": {"span"}, "colgroup": {"span"}, "details": {"open"}, "ol": {"start"},
    "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"},
}  # fmt: skip
_BITMAP = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
_HEADING = re.compile(r"<(/?)h[1-6]>")
# Such HTML hides parts of itself until its own style is applied, which no page does.
_HIDDEN = re.compile(
    r"<[a-z][^<>]*\s(?:hidden[\s=>]|style=[\"'][^\"'<>]*display:\s*none)", re.IGNORECASE
)
_SVG = re.compile(r"\s*(?:<\?xml[^>]*\?>\s*)?<svg\b.*</svg>\s*", re.DOTALL)
_SEEN = re.compile(r"<img\b|[^\s<>](?![^<>]*>)")  # an image, or a character outside of tags

_FORMULA = re.compile(
    r"\$\$(?P<dollars>.+?)\$\$"
    r"|\\\[(?P<brackets>.+?)\\\]"
    r"|\\\((?P<parentheses>.+?)\\\)"
    r"|(?P<environment>\\begin\{(?P<name>(?:equation|align|aligned|gather|gathered)\*?)\}.+?\\end\{(?P=name)\})"
    r"|(?<![\\$\w])\$(?P<inline>(?=\S)(?:\\.|[^$\\])+?(?<=\S))\$(?![\w$])",
    re.DOTALL,
)
_DISPLAYED = re.compile(r"\$\\displaystyle (?P<latex>[^$]+)\$")  # as IPython and SymPy write
_PLACE = "\ue000{}\ue001"  # of a formula, while Markdown is rendered
_PLACES = re.compile("\ue000(\\d+)\ue001")


def rich_html(forms: Bundle) -> str | None:
    """A bundle's HTML, Markdown or LaTeX, ready for a page; None if its other forms are better."""
    if "text/html" in forms:
        return _of_html(forms["text/html"], has_text="text/plain" in forms)
    if "text/markdown" in forms:
        return _of_markdown(forms["text/markdown"])
    if "text/latex" in forms:
        return _of_latex(forms["text/latex"])
    return None


def _of_html(html: str, has_text: bool) -> str | None:
    if _SVG.fullmatch(html):
        return picture("image/svg+xml", html)
    if has_text and _HIDDEN.search(html):
        return None
    clean = sanitise_html(html)
    needs_script = "<script" in html.lower() and not re.search("<(?:table|img|pre)", clean)
    return None if needs_script or not _SEEN.search(clean) else clean


def sanitise_html(html: str) -> str:
    """HTML with text, tables and images, nothing that acts, and every tag closed."""
    import nh3  # loaded for the first cell that shows HTML

    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    """An attribute's value, if it may stay: nothing is fetched, and no link leads into data."""
    if (tag, name) == ("img", "src"):
        return value if _BITMAP.fullmatch(value) else None
    if (tag, name) == ("a", "href"):
        return None if value.strip().lower().startswith("data:") else value
    return value


def _of_markdown(text: str) -> str | None:
    """Markdown with its formulas; a heading is text in bold, since the page has its own outline."""
    from markdown import markdown

    formulas: list[str] = []

    def place(found: re.Match[str]) -> str:
        formulas.append(_formula(found))
        return _PLACE.format(len(formulas) - 1)

    try:
        placed = _FORMULA.sub(place, text.translate({0xE000: None, 0xE001: None}))
    except MathError:
        return None
    html = sanitise_html(markdown(placed, extensions=["tables", "fenced_code", "sane_lists"]))
    html = _HEADING.sub(lambda found: "</p>" if found[1] else '<p class="cell-heading">', html)
    return _PLACES.sub(lambda found: formulas[int(found[1])], html)


def _of_latex(text: str) -> str | None:
    """LaTeX: formulas with text between them, or one formula alone; None for more than that."""
    text = text.strip()
    if alone := _DISPLAYED.fullmatch(text):
        text = f"$${alone['latex']}$$"
    try:
        if not _FORMULA.search(text):
            return _typeset(text, True)
        words = _FORMULA.split(text)[:: _FORMULA.groups + 1]
        if any("\\" in word for word in words):
            return None  # a table, or another thing that only TeX can set
        formulas = [*map(_formula, _FORMULA.finditer(text)), ""]
    except MathError:
        return None
    return "".join(escape(word) + set_ for word, set_ in zip(words, formulas, strict=True))


def _formula(found: re.Match[str]) -> str:
    inline = found["inline"] or found["parentheses"]
    if inline:
        return _typeset(inline, False)
    return _typeset(found["dollars"] or found["brackets"] or found["environment"], True)


def _typeset(latex: str, display: bool) -> str:
    mathml = to_mathml(latex.strip(), display=display)
    return f'<span class="math-display">{mathml}</span>' if display else mathml
