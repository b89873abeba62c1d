"""What a search is spared: nothing that it would have indexed."""

import pytest
from material.plugins.search.plugin import Parser

from handout.render.outputs import picture
from handout.weave.searched import searched

CODE = '<span class="n">x</span> <span class="o">&lt;</span> \n<span class="mi">1</span>\n'
LINE = '<a id="__codelineno-0-1" name="__codelineno-0-1" href="#__codelineno-0-1"></a>'
DRAWING = picture("image/svg+xml", "<svg><svg/><text>0.5</text></svg>")
FORMULA = '<math data-search-exclude=""><mi>x</mi></math><span hidden>x</span>'


@pytest.mark.parametrize(
    "block",
    [
        f'<div class="highlight"><pre id="__code_0"><span></span><code>{CODE}</code></pre></div>',
        f"<pre><code>{LINE}{CODE}{LINE}{CODE}</code></pre>",
        "<pre><code>\n<span> </span>\n</code></pre>",
        f"<pre><code>{CODE}</span></code></pre><p>{CODE}</p>",
        f'<pre><code><span data-search-exclude="">{CODE}</span>y</code></pre>',
        f"<pre><code>{CODE}<b>y</b></code></pre>",
        f'<div class="cell-outputs" data-search-exclude><pre>x</pre>{DRAWING}</div>',
        '<div data-search-exclude><h3 id="c">C</h3>x<p>y</p></div>',
        f"<p>With {FORMULA} and {FORMULA}, {FORMULA} {FORMULA}.</p>",
    ],
)
def test_the_index_stays_the_same(block: str):
    """Of code with and without lines that can be linked to, of odd code, and of formulas."""
    page = f'<h1 id="a">A {FORMULA}</h1><div><h2 id="b">B</h2>{block}</div><p>{block}</p>'
    assert indexed(searched(page, material=True)) == indexed(page)
    assert len(searched(page, material=True)) <= len(page)


def test_colours_go():
    """Where nothing but tags that are passed over stands between words of code."""
    page = f"<pre><span></span><code>{LINE}{CODE}</code></pre> {FORMULA}"
    read = "<pre><span></span><code>x &lt; \n1\n</code></pre> <!-- --><span hidden>x</span>"
    assert searched(page, material=True) == read
    assert CODE in searched(page, material=False)


def test_what_is_excluded_goes():
    """Material's search would take up again after the first box in it that ends."""
    card = '<details class="verdict" data-search-exclude><details>x</details><p>y</p></details>'
    page = f"<p>a</p><div data-search-exclude>{DRAWING}{DRAWING}</div><p>b</p>{card}<p>c</p>"
    assert searched(page, material=True) == "<p>a</p><!-- --><p>b</p><!-- --><p>c</p>"
    assert searched(page, material=False) == page
    never_closed = "<div data-search-exclude><p>x</p>"
    assert searched(never_closed, material=True) == never_closed


def indexed(html: str) -> list[tuple[str | None, str, str]]:
    """What Material's search keeps of a page, by section."""
    parser = Parser()
    parser.feed(html)
    parser.close()
    return [(s.id, "".join(s.title), "".join(s.text)) for s in parser.data]
