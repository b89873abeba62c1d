"""A notebook's page, as plain as the others.

mkdocs-jupyter renders a notebook with the style sheets and scripts of JupyterLab, 600 kB of them.
What is kept here is its text and its code, in the markup of the rest of the site: so code colours,
copy buttons and dark mode are the same everywhere. Outputs are put in as on any other page.
"""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag


def simplified(content: str) -> str:
    """The HTML of mkdocs-jupyter without JupyterLab's markup."""
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


def _markdown(text: Tag) -> str:
    for link in text.select("a.anchor-link"):
        link["class"] = "headerlink"
        link["title"] = "Link to this section"
    for pre in text.select("div.highlight > pre"):
        code = Tag(name="code")
        code.extend(list(pre.contents))
        pre.append(code)
    return text.decode_contents()
