"""A notebook's page keeps text, code and outputs, and nothing of JupyterLab."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from bs4 import BeautifulSoup

from handout.weave.notebook_page import sanitise_output, simplified

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


def _html(html: str) -> str:
    return _output("RenderedHTMLCommon jp-RenderedHTML", "text/html", html)


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
    """A PNG becomes an image with a text alternative, an SVG a drawing from which nothing runs."""
    png = '<img src="data:image/png;base64,AAAA" alt="No description has been provided">'
    drawing = "<svg onload='alert(1)'><script>alert(1)</script><rect width='9'/></svg>"
    svg = f'<img src="data:image/svg+xml;base64,{b64encode(drawing.encode()).decode()}">'
    html = simplified(
        _page(
            _code(_output("RenderedImage", "image/png", png)),
            _code(_output("RenderedSVG", "image/svg+xml", svg)),
        )
    )
    assert 'src="data:image/png;base64,AAAA" alt="Drawn by the cell above"' in html
    assert '<svg role="img" aria-label="Drawn by the cell above"><rect width="9">' in html
    assert "alert" not in html


def test_displayed_html_keeps_tables_and_loses_all_that_acts() -> None:
    """A data frame's table stays; scripts, handlers, styles, frames and links do not."""
    shown = (
        '<style>td{position:fixed}</style><table border="1" class="dataframe" onclick="x()"><tr>'
        '<th scope="col">a</th><td style="color:red" colspan="2">1</td></tr></table>'
        '<script>alert(1)</script><iframe src="//x"></iframe><a href="javascript:x()">text</a>'
        "<img src=x onerror=alert(1)><svg><a>s</a></svg><!-- c --><!DOCTYPE x><form><input></form>"
    )
    html = _sanitised({"text/html": shown})["text/html"]
    assert html == '<table><tr><th scope="col">a</th><td colspan="2">1</td></tr></table>text'


def test_displayed_html_cannot_leave_its_box() -> None:
    """Stray closing tags are gone and open ones are closed, so what follows stays what it is."""
    html = _sanitised({"text/html": "</div></div></pre>--><b><table><tr><td>1"})["text/html"]
    assert html == "--&gt;<b><table><tr><td>1</td></tr></table></b>"


def test_outputs_that_could_act_fall_back_to_their_text() -> None:
    """Markdown, LaTeX, JavaScript and unknown kinds go; bitmaps must be base64."""
    kept = _sanitised(
        {
            "text/plain": "<b>",
            "text/markdown": "<script>alert(1)</script>",
            "text/latex": "$x$",
            "application/javascript": "alert(1)",
            "application/vnd.jupyter.widget-view+json": {},
            "image/png": 'AAAA"><script>alert(1)</script>',
            "image/jpeg": ["AAAA\n", "BBBB"],
            "image/svg+xml": "</div><svg>",
        }
    )
    assert kept == {"text/plain": "<b>", "image/jpeg": ["AAAA\n", "BBBB"]}


def test_displayed_drawing_is_written_anew() -> None:
    """An SVG output keeps its shapes and loses scripts and handlers."""
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>"
        "<script>x()</script><path d='M0 0'/></svg>"
    )
    shown = simplified(_page(_code(_html(_sanitised({"image/svg+xml": svg})["text/html"]))))
    assert "<path" in shown
    assert "script" not in shown
    assert "onload" not in shown


def test_a_drawing_keeps_its_own_text_alternative() -> None:
    """Through a renderer that warns of images without one, into the page; ids become its own."""
    svg = "<svg aria-label='Loss; from 2 to 0.5'><g id='a'/></svg>"
    passed = _sanitised({"image/svg+xml": svg})["text/html"]
    assert BeautifulSoup(passed, "html.parser").select("img:not([alt])") == []
    shown = simplified(_page(_code(_html(passed))))
    assert 'aria-label="Loss; from 2 to 0.5"' in shown
    assert "<img" not in shown
    assert 'id="a"' not in shown


def test_html_beside_a_drawing_is_what_is_shown() -> None:
    """As Jupyter chooses; and HTML cannot pass an image off as a drawing."""
    given = {"image/svg+xml": "<svg/>", "text/html": "<img src='data:image/svg+xml;base64,AA'><b>t"}
    assert _sanitised(given)["text/html"] == "<b>t</b>"


def test_text_outputs_stay_as_they_are() -> None:
    """Streams and errors have no data; rendering escapes them."""
    stream = {"output_type": "stream", "name": "stdout", "text": "<b>"}
    assert sanitise_output(stream) == stream


def _sanitised(data: dict[str, Any]) -> dict[str, Any]:
    output = sanitise_output(
        {"output_type": "display_data", "data": data, "metadata": {"png": "x"}}
    )
    assert output["metadata"] == {}
    return dict(output["data"])
