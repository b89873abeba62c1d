"""A notebook's page, as plain as the others.

mkdocs-jupyter renders a notebook with the style sheets and scripts of JupyterLab, 600 kB of them.
What is kept here is its text, its code, and its outputs, in the markup of the rest of the site: so
code colours, copy buttons, dark mode and the style of outputs are the same everywhere.

What cells display is sanitised *before* the notebook is rendered: HTML with a stray closing tag
could otherwise pass itself off as the author's text.
"""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.element import PreformattedString

from handout.render.outputs import picture
from handout.render.sanitise import SvgError, sanitise

_BITMAPS = ("image/png", "image/jpeg")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")

# What HTML that a cell displays may hold, such as a data frame; all else loses its tags.
# fmt: off
_ALLOWED = frozenset((
    "b", "br", "caption", "code", "div", "em", "i", "li", "ol", "p", "pre", "span", "strong",
    "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))
# fmt: on
_ATTRIBUTES = frozenset(("colspan", "rowspan", "scope"))
_DROPPED = ["script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "math"]


def sanitise_output(output: Mapping[str, Any]) -> dict[str, Any]:
    """An output of a notebook, in the form of nbformat, without anything that could act.

    Text and bitmaps stay. HTML keeps tables and text. A drawing is written anew. Markdown, LaTeX,
    JavaScript and what widgets need go; their plain text stands in.
    """
    if "data" not in output:
        return dict(output)
    data: Mapping[str, Any] = output["data"]
    kept = {kind: data[kind] for kind in _BITMAPS if _BASE64.fullmatch(_joined(data.get(kind)))}
    if "text/html" in data:
        kept["text/html"] = _sanitise_html(_joined(data["text/html"]))
    elif "image/svg+xml" in data:
        with contextlib.suppress(SvgError):
            kept["text/html"] = _drawing(_joined(data["image/svg+xml"]))
    kept["text/plain"] = _joined(data.get("text/plain"))
    return {**output, "data": kept, "metadata": {}}


def _drawing(svg: str) -> str:
    """A drawing on its way through the renderer, which would say that it lacks a text alternative.

    It carries its own, and stands in the page as a drawing in the end (`simplified`).
    """
    data = base64.b64encode(sanitise(svg, "").encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="">'


def _joined(text: Any) -> str:
    """A text that a notebook may hold as a list of lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str(text or "")


def _sanitise_html(html: str) -> str:
    """HTML with text and tables and nothing that acts, every tag closed."""
    soup = BeautifulSoup(html, "html.parser")
    for element in soup.find_all(_DROPPED):
        element.decompose()
    for special in soup.find_all(string=lambda text: isinstance(text, PreformattedString)):
        special.extract()  # comments and declarations
    for element in soup.find_all(True):
        if element.name not in _ALLOWED:
            element.unwrap()
        else:
            element.attrs = {k: v for k, v in element.attrs.items() if k in _ATTRIBUTES}
    return soup.decode()


def simplified(content: str) -> str:
    """The HTML of mkdocs-jupyter without JupyterLab's markup; outputs are sanitised already."""
    soup = BeautifulSoup(content, "html.parser")
    cells = [
        cell
        for cell in soup.select(".jp-Notebook-cell")
        if cell.select_one(".jp-Notebook-cell") is None  # a code cell is wrapped in another
    ]
    return "\n".join(part for cell in cells for part in _cell(cell))


def _cell(cell: Tag) -> Iterator[str]:
    for text in cell.select(".jp-RenderedMarkdown"):
        if text.find_parent(class_="jp-OutputArea") is None:
            yield _markdown(text)
    for code in cell.select(".jp-InputArea .highlight-ipynb pre"):
        yield f'<div class="highlight"><pre><code>{code.decode_contents()}</code></pre></div>'
    outputs = "".join(_output(output) for output in cell.select(".jp-OutputArea-output"))
    if outputs:
        yield f'<div class="cell-outputs">{outputs}</div>'


def _markdown(text: Tag) -> str:
    for link in text.select("a.anchor-link"):
        link["class"] = "headerlink"
        link["title"] = "Link to this section"
    for pre in text.select("div.highlight > pre"):
        code = Tag(name="code")
        code.extend(list(pre.contents))
        pre.append(code)
    return text.decode_contents()


def _output(output: Tag) -> str:
    kind = str(output.get("data-mime-type", ""))
    image = output.find("img")  # bitmaps and drawings; what a cell displays as HTML has none
    if isinstance(image, Tag):
        return _picture(str(image.get("src", "")), str(image.get("alt", "")))
    if "jp-RenderedHTML" in _classes(output):
        return f'<div class="cell-html">{output.decode_contents()}</div>'
    name, label = ("cell-error", "Error") if kind.endswith("stderr") else ("cell-output", "Output")
    text = escape(output.get_text().strip("\n"))
    return f'<pre class="{name}" role="group" aria-label="{label}">{text}</pre>' if text else ""


def _picture(source: str, alt: str) -> str:
    described = alt if alt and not alt.startswith("No description") else "Drawn by the cell above"
    kind, _, data = source.removeprefix("data:").partition(";base64,")
    return picture({"type": kind, "data": data}, described)


def _classes(tag: Tag) -> list[str]:
    return tag.get_attribute_list("class")
