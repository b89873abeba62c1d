"""A notebook's page, as plain as the others.

mkdocs-jupyter renders a notebook with the style sheets and scripts of JupyterLab, 600 kB of them.
What is kept here is its text, its code, and its outputs, in the markup of the rest of the site: so
code colours, copy buttons, dark mode and the style of outputs are the same everywhere.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape

from bs4 import BeautifulSoup, Comment, Tag

# What HTML that a cell displays may hold, such as a data frame; all else loses its tags.
# fmt: off
_ALLOWED = frozenset((
    "b", "br", "caption", "code", "div", "em", "i", "li", "ol", "p", "pre", "span", "strong",
    "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))
# fmt: on
_ATTRIBUTES = frozenset(("colspan", "rowspan", "scope"))
_DROPPED = ["script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "math"]


def simplified(content: str) -> str:
    """The HTML of mkdocs-jupyter without JupyterLab's clothes.

    HTML that cells display keeps tables and text, and loses everything that could act; pictures
    become `img` elements, in which no script runs.
    """
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
    picture = output.find("img") if "jp-RenderedImage" in _classes(output) else None
    if isinstance(picture, Tag):
        return _picture(str(picture.get("src", "")), str(picture.get("alt", "")))
    drawing = output.find("svg") if "jp-RenderedSVG" in _classes(output) else None
    if isinstance(drawing, Tag):
        data = base64.b64encode(str(drawing).encode()).decode()
        return _picture(f"data:image/svg+xml;base64,{data}", "")
    if "jp-RenderedHTML" in _classes(output):
        return f'<div class="cell-html">{_harmless(output)}</div>'
    name, label = ("cell-error", "Error") if kind.endswith("stderr") else ("cell-output", "Output")
    text = escape(output.get_text().strip("\n"))
    return f'<pre class="{name}" role="group" aria-label="{label}">{text}</pre>' if text else ""


def _picture(source: str, alt: str) -> str:
    described = alt if alt and not alt.startswith("No description") else "Drawn by the cell above"
    return f'<img class="cell-picture" src="{escape(source)}" alt="{escape(described)}">'


def _harmless(output: Tag) -> str:
    """The HTML that a cell displayed, with text and tables and nothing that acts."""
    for element in output.find_all(_DROPPED):
        element.decompose()
    for comment in output.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for element in output.find_all(True):
        if element.name not in _ALLOWED:
            element.unwrap()
        else:
            element.attrs = {k: v for k, v in element.attrs.items() if k in _ATTRIBUTES}
    return output.decode_contents()


def _classes(tag: Tag) -> list[str]:
    return tag.get_attribute_list("class")
