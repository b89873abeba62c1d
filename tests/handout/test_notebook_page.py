"""A notebook's page keeps text, code and outputs, and nothing of JupyterLab."""

from __future__ import annotations

from handout.notebook_page import simplified

CELL = '<div class="jp-Cell jp-CodeCell jp-Notebook-cell">{}</div>'
CODE = (
    '<div class="jp-InputArea"><div class="highlight-ipynb hl-python"><pre><span></span>'
    '<span class="n">x</span> &lt; 1\n</pre></div></div>'
    '<clipboard-copy for="cell-1"></clipboard-copy>'
)
OUTPUT = '<div class="jp-{} jp-OutputArea-output" data-mime-type="{}">{}</div>'


def _page(*cells: str) -> str:
    return (
        "<script>window.x = 1</script><style>.jp-Cell {}</style>"
        '<script src="https://cdn.example/mathjax.js"></script>'
        f'<div class="jp-Notebook">{"".join(cells)}</div>'
    )


def _code(*outputs: str) -> str:
    return CELL.format(CELL.format(CODE + "".join(outputs)))


def _output(kind: str, media: str, html: str) -> str:
    return OUTPUT.format(kind, media, html)


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


def test_code_and_output_once_each_without_scripts_and_styles() -> None:
    """A code cell, which is wrapped twice, appears once; scripts and styles are gone."""
    html = simplified(_page(_code(_output("RenderedText", "text/plain", "<pre>&lt;b&gt; 1</pre>"))))
    assert html.count('<span class="n">x</span> &lt; 1') == 1
    assert '<pre class="cell-output" role="group" aria-label="Output">&lt;b&gt; 1</pre>' in html
    assert "<script" not in html
    assert "<style" not in html
    assert "clipboard" not in html
    assert "jp-" not in html


def test_errors_are_marked() -> None:
    """What went to standard error, and tracebacks, are labelled."""
    text = '<pre><span class="ansi-red-fg">ZeroDivisionError</span>: no</pre>'
    html = simplified(_page(_code(_output("RenderedText", "application/vnd.jupyter.stderr", text))))
    assert (
        '<pre class="cell-error" role="group" aria-label="Error">ZeroDivisionError: no</pre>'
        in html
    )


def test_pictures_are_images() -> None:
    """PNG and SVG outputs become img elements, in which nothing runs, with a text alternative."""
    png = '<img src="data:image/png;base64,AAAA" alt="No description has been provided">'
    svg = "<svg onload='alert(1)'><script>alert(1)</script></svg>"
    html = simplified(
        _page(
            _code(_output("RenderedImage", "image/png", png)),
            _code(_output("RenderedSVG", "image/svg+xml", svg)),
        )
    )
    assert 'src="data:image/png;base64,AAAA" alt="Drawn by the cell above"' in html
    assert 'src="data:image/svg+xml;base64,' in html
    assert "alert" not in html


def test_displayed_html_keeps_tables_and_loses_all_that_acts() -> None:
    """A data frame's table stays; scripts, handlers, styles, frames and links do not."""
    shown = (
        '<style>td{position:fixed}</style><table border="1" class="dataframe" onclick="x()"><tr>'
        '<th scope="col">a</th><td style="color:red" colspan="2">1</td></tr></table>'
        '<script>alert(1)</script><iframe src="//x"></iframe><a href="javascript:x()">text</a>'
        "<img src=x onerror=alert(1)><svg><a>s</a></svg><!-- c --><form><input></form>"
    )
    html = simplified(
        _page(_code(_output("RenderedHTMLCommon jp-RenderedHTML", "text/html", shown)))
    )
    assert '<table><tr><th scope="col">a</th><td colspan="2">1</td></tr></table>text' in html
    for gone in (
        "style",
        "script",
        "iframe",
        "onclick",
        "javascript",
        "<img",
        "svg",
        "<!--",
        "form",
    ):
        assert gone not in html
