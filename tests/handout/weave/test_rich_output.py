"""Tables, formulas and Markdown that cells show: what is safe and can be set, and nothing else."""

from __future__ import annotations

import base64

import pytest

from handout.render.outputs import display, output
from handout.weave.rich_output import rich_html, sanitise_html

PANDAS = (
    '<div>\n<style scoped>\n .dataframe tbody { position: fixed; }\n</style>\n<table border="1" '
    'class="dataframe"><thead><tr style="text-align: right;"><th></th><th>a</th></tr></thead>'
    "<tbody><tr><th>0</th><td>1 &lt; 2</td></tr></tbody></table>\n</div>"
)
SKLEARN = (
    '<style>#sk {color: red}</style><div id="sk"><div class="sk-text-repr-fallback"><pre>Model()'
    '</pre><b>In a Jupyter environment, rerun this cell</b></div><div class="sk" hidden><p>debris'
)
SVG = "<svg xmlns='http://www.w3.org/2000/svg' onload='hit()'><path d='M0 0'/></svg>"


def test_a_data_frame_is_a_table() -> None:
    """Its style goes, so it looks as all tables of the site do."""
    html = display({"text/plain": "   a", "text/html": PANDAS}, rich=rich_html)
    assert "<th>a</th>" in html
    assert "<td>1 &lt; 2</td>" in html
    assert "style" not in html
    assert "<pre" not in html


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("<table onclick='x()'><tr><td style='color:red' colspan=2>1", "<table><tbody><tr>"
         '<td colspan="2">1</td></tr></tbody></table>'),
        ("a<script>hit()</script><style>b{}</style><iframe src=//x></iframe>", "a"),
        ("<a href='javascript:hit()'>a</a>", '<a rel="noopener noreferrer">a</a>'),
        ("<a href='data:text/html,x'>a</a>", '<a rel="noopener noreferrer">a</a>'),
        ("<a href='//x.org'>a</a>", '<a href="//x.org" rel="noopener noreferrer">a</a>'),
        ("<img src=x onerror=hit()>", "<img>"),
        ("<img src='https://tracker.example/x.png' alt=a>", '<img alt="a">'),
        ("<img src='data:image/svg+xml;base64,AA'>", "<img>"),
        ("<img src='data:image/png;base64,AA=='>", '<img src="data:image/png;base64,AA==">'),
        ("<form><input name=q><button>b</button></form>", "b"),
        ("<svg><a>s</a></svg><!-- c --><!DOCTYPE x>t", "t"),
        ("</div></div></pre>--><b><i>x", "--&gt;<b><i>x</i></b>"),
        ("<math><mtext><table><mglyph><style><img src=x onerror=hit()>", ""),
        ("<noscript><p title='</noscript><img src=x onerror=hit()>'>", "<img>'&gt;"),
        ("<div id=__config class=verdict-card>x</div>", "<div>x</div>"),
    ],
)  # fmt: skip
def test_html_loses_all_that_acts(given: str, kept: str) -> None:
    """Scripts, styles, handlers, frames, forms, what is fetched, names of ours; tags are closed."""
    clean = sanitise_html(given)
    assert "hit()" not in clean
    assert clean == kept


@pytest.mark.parametrize(
    ("forms", "text"),
    [
        ({"text/plain": "Model()", "text/html": SKLEARN}, ">Model()</pre>"),
        ({"text/plain": "M", "text/html": "<div style='a:b;display: none'>debris"}, ">M</pre>"),
        ({"text/plain": "C", "text/html": "<div id=a></div><script>x</script>"}, ">C</pre>"),
        ({"text/plain": "P", "text/html": "<script>x</script>Loading debris"}, ">P</pre>"),
        ({"text/plain": "P", "text/latex": r"\begin{figure}x\end{figure}"}, ">P</pre>"),
        ({"text/plain": "P", "text/latex": r"$\nosuchcommand$"}, ">P</pre>"),
        ({"text/plain": "P", "text/markdown": r"**a** $\nosuchcommand$"}, ">P</pre>"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_text(forms: dict[str, str], text: str) -> None:
    """HTML that needs its own style or script, and LaTeX that is no formula."""
    html = display(forms, rich=rich_html)
    assert text in html
    assert "debris" not in html


def test_html_that_is_a_drawing_is_one() -> None:
    """It is written anew as any drawing is."""
    html = display({"text/html": SVG, "text/plain": "x"}, rich=rich_html)
    assert '<path d="M0 0">' in html
    assert "hit" not in html


def test_formulas_are_set() -> None:
    """As SymPy and IPython give them, alone on a line; and LaTeX that has formulas in its text."""
    alone = display(
        {"text/latex": r"$\displaystyle \frac{x}{2}$", "text/plain": "x/2"}, rich=rich_html
    )
    assert '<math display="block"' in alone
    assert "<mfrac>" in alone
    mixed = display({"text/latex": r"If $x < 1$ then $$y = 2$$ & so on"}, rich=rich_html)
    assert mixed.count("<math") == 2
    assert "then <span" in mixed
    assert "&amp; so on" in mixed
    assert '<math display="block"' in display({"text/latex": r"\frac{1}{2}"}, rich=rich_html)
    aligned = r"\begin{align}a &= 1 \\ b &= 2\end{align}"
    assert "<mtable" in display({"text/latex": aligned}, rich=rich_html)


def test_markdown_is_set_with_its_formulas() -> None:
    """No HTML in it acts; its headings do not enter the page's outline."""
    text = "# Title\n\n**bold** $a_1 * b * c$ and\n\n| x |\n|---|\n| 1 |\n\n<script>hit()</script>"
    html = display({"text/markdown": text, "text/plain": "x"}, rich=rich_html)
    assert '<p class="cell-heading">Title</p>' in html
    assert "<strong>bold</strong> <math" in html
    assert "<em>" not in html
    assert "<td>1</td>" in html
    assert "hit" not in html


@pytest.mark.parametrize(
    ("forms", "said"),
    [
        ({"application/vnd.plotly.v1+json": '{"data": [{"type": "bar", "name": "<a>"}, {}],'
          ' "layout": {"title": {"text": "T"}}}'},
         "Interactive chart by Plotly “T”: bar “&lt;a&gt;”, trace."),
        ({"application/vnd.plotly.v1+json": "not JSON"}, "Interactive chart by Plotly. "),
        ({"application/vnd.vegalite.v6+json": "{}", "text/plain": "<V>"}, "vl-convert-python"),
        ({"application/vnd.jupyter.widget-view+json": "{}", "text/plain": "IntSlider(value=3)"},
         ">IntSlider(value=3)</pre>"),
        ({"text/html": "<script>x</script>", "text/plain": "Map"}, "It needs scripts of its own"),
        ({"application/javascript": "x", "text/plain": "<J>"}, "It needs scripts of its own"),
    ],
)  # fmt: skip
def test_what_only_a_script_could_show_has_a_stand_in(forms: dict[str, str], said: str) -> None:
    """The page says what would be there, and why it is not."""
    html = display(forms, rich=rich_html)
    assert '<p class="cell-note" role="note">Interactive' in html
    assert said in html


def test_the_best_form_is_chosen() -> None:
    """HTML before a drawing, as in Jupyter; a drawing before a bitmap; text last."""
    png = base64.b64encode(b"png").decode()
    forms = {"text/plain": "P", "image/png": png, "image/svg+xml": SVG, "text/html": "<b>H</b>"}
    assert "<b>H</b>" in display(forms, rich=rich_html)
    assert "<path" in display({k: v for k, v in forms.items() if k != "text/html"}, rich=rich_html)
    assert f"base64,{png}" in display({"text/plain": "P", "image/png": png}, rich=rich_html)


def test_nothing_in_output_is_a_badge_of_ours() -> None:
    """A cell may print what elsewhere would become a link to a verdict."""
    cell = {"outputs": [{"text": "[[verdict:x]]"}, {"data": {"text/html": "<b>[[verdicts]]</b>"}}]}
    html = output(cell, rich=rich_html)
    assert "[[" not in html
    assert "&#91;[verdict:x]]" in html
