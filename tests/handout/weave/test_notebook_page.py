"""A notebook's page keeps text and code, and nothing of JupyterLab."""

from __future__ import annotations

from handout.weave.notebook_page import simplified

CELL = '<div class="jp-Cell jp-CodeCell jp-Notebook-cell">{}</div>'
CODE = (
    '<div class="jp-InputArea"><div class="highlight-ipynb hl-python"><pre><span></span>'
    '<span class="n">x</span> &lt; 1\n</pre></div></div>'
    '<clipboard-copy for="cell-1"></clipboard-copy>'
)


def _page(*cells: str) -> str:
    return (
        "<script>window.x = 1</script><style>.jp-Cell {}</style>"
        '<script src="https://cdn.example/mathjax.js"></script>'
        f'<div class="jp-Notebook">{"".join(cells)}</div>'
    )


def test_text_keeps_its_headings_and_links() -> None:
    """Markdown cells stay, heading links in the theme's class, code blocks with a copy button."""
    text = (
        '<div class="jp-Cell jp-MarkdownCell jp-Notebook-cell"><div class="jp-RenderedMarkdown">'
        '<h2 id="a">A $x$<a class="anchor-link" href="#a">¶</a></h2>'
        '<div class="highlight"><pre><span></span>y = 1\n</pre></div></div></div>'
    )
    html = simplified(_page(text))
    assert '<h2 id="a">A $x$<a class="headerlink" href="#a" title="Link to this section">' in html
    assert '<div class="highlight"><pre><code><span></span>y = 1\n</code></pre></div>' in html


def test_code_appears_once_without_scripts_and_styles() -> None:
    """A code cell, which is wrapped twice, appears once; scripts and styles are gone."""
    html = simplified(_page(CELL.format(CELL.format(CODE))))
    assert html.count('<span class="n">x</span> &lt; 1') == 1
    assert "<script" not in html
    assert "<style" not in html
    assert "clipboard" not in html
    assert "jp-" not in html
