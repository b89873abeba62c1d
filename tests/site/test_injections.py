"""Whatever cells print, raise, name or draw, the reader's browser runs none of it.

A hostile handout is built and opened in a real browser, once for all payloads: each stands in every
channel by which text from a cell, a formula or a notebook reaches a page.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import nbformat
import pytest
from nbformat import v4
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Serve = Callable[[Path], AbstractContextManager[str]]

RUN = "window.pwned=1"
PAYLOADS = [
    f"<script>{RUN}</script>",
    f"<ScRiPt >{RUN}</sCrIpT>",
    f"<img src=x onerror={RUN}>",
    f"<img src=x onerror='{RUN}' alt='",
    f'"><img src=x onerror="{RUN}">',
    f"'><svg/onload={RUN}>",
    f"<svg onload={RUN}></svg>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s></svg>",
    f"<svg><a xlink:href='javascript:{RUN}'><text y=20>x</text></a></svg>",
    f"<svg><image href=x onerror={RUN}></svg>",
    f"<svg><foreignObject><img src=x onerror={RUN}></foreignObject></svg>",
    f"<svg><style>@import 'http://evil.example/'</style></svg><img src=x onerror={RUN}>",
    f"<math><mtext><script>{RUN}</script></mtext></math>",
    f"<math href='javascript:{RUN}'>x</math>",
    f"<math><mi onclick='{RUN}' xlink:href='javascript:{RUN}'>x</mi></math>",
    f"</pre><script>{RUN}</script>",
    f"</code></pre></div><img src=x onerror={RUN}>",
    f"</summary></details><script>{RUN}</script>",
    f"</span></a><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</style><script>{RUN}</script>",
    f"</math></span><script>{RUN}</script>",
    f"--><script>{RUN}</script><!--",
    f"]]><script>{RUN}</script>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<body onload={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<audio src=x onerror={RUN}></audio>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src='javascript:parent.{RUN}'></iframe>",
    f"<object data='javascript:{RUN}'></object>",
    f"<embed src='javascript:{RUN}'>",
    f"<a href='javascript:{RUN}'>x</a>",
    f"<form action='javascript:{RUN}'><button autofocus>x</button></form>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'></noscript>",
    f"<template><script>{RUN}</script></template>",
    f"<marquee onstart={RUN}>x</marquee>",
    f"<p style='animation:x' onanimationstart={RUN}>x</p>",
    "<img src='http://evil.example/x.png'>",
    "<script src='//evil.example/x.js'></script>",
    "<link rel=stylesheet href='http://evil.example/x.css'>",
    "<meta http-equiv=refresh content='0;url=http://evil.example/'>",
    "<base href='http://evil.example/'>",
    "<style>@import 'http://evil.example/x.css'; body{display:none}</style>",
    f"\x1b]8;;javascript:{RUN}\x1b\\x\x1b]8;;\x1b\\<img src=x onerror={RUN}>",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"&#60;script&#62;{RUN}&#60;/script&#62;",
    f"{{{{ config }}}}{{% raw %}}<script>{RUN}</script>",
    f"[x](javascript:{RUN}) ![x](http://evil.example/x.png) <javascript:{RUN}>",
    f"[[verdict:<img src=x onerror={RUN}>]] [[verdicts]] [[eq:x]]",
    rf"$\text{{<img src=x onerror={RUN}>}}$ \(\href{{javascript:{RUN}}}{{x}}\)",
    f'<span class="arithmatex">\\(<img src=x onerror={RUN}>\\)</span>',
]

# The braces of a format string are doubled.
PAGE = r"""
# Hostile

```python exec="on" title="<img src=x onerror=window.pwned=1>"
P = {payloads!r}
import sys
for p in P:
    print(p)
    print(p, file=sys.stderr)
```

```python exec="on"
class Hostile:
    def __repr__(self):
        return "".join(P)

Hostile()
```

```python exec="on"
raise ValueError("".join(P))
```

```python exec="on"
type("".join(P).replace("\x1b", ""), (Exception,), {{}})
raise type("".join(P).replace("\x1b", ""), (Exception,), {{}})("x")
```

```python exec="on"
class Drawing:
    def _repr_svg_(self):
        run = "window.pwned=1"
        return (
            "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'"
            f" onload='{{run}}'><script>{{run}}</script>"
            f"<a xlink:href='javascript:{{run}}'><text y='20'>drawn</text></a><foreignObject>"
            f"<body xmlns='http://www.w3.org/1999/xhtml' onload='{{run}}'/></foreignObject>"
            f"<image href='http://evil.example/x.png' onerror='{{run}}'/>"
            "<style>@import 'http://evil.example/';</style>"
            f"<rect width='9' height='9' fill='url(http://evil.example/)' onclick='{{run}}'/></svg>"
        )

Drawing()
```

```python exec="on"
import numpy as np
from edf import AnyFunction, Input
from edf.figures import draw, heatmaps, curves

x = Input(shape=())
y = AnyFunction()(x)
draw(y, {{P[0]: x, "".join(P): y}}, title="".join(P))
```

```python exec="on"
heatmaps("".join(P), **{{"".join(P): np.eye(2)}})
```

```python exec="on"
curves("".join(P), x=P[2], y=P[3], **{{p: [1, 2] for p in P}})
```

```python exec="on"
from edf import check_gradients
for p in P:
    check_gradients(y, id=p)
```

```python exec="on"
import matplotlib.pyplot as plt
figure, axes = plt.subplots(figsize=(3, 2))
axes.set_title(P[2].replace("$", ""))
axes.plot([1, 2], label=P[4])
axes.legend()
plt.show()
```

{formulas}
"""


def _notebook() -> str:
    """A notebook whose outputs carry every payload, as text, HTML, SVG, Markdown and LaTeX."""
    source = (
        f"P = {PAYLOADS!r}\n"
        "from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display\n"
        "for p in P:\n"
        "    print(p)\n"
        "    display(HTML(p), Markdown(p), Latex(p))\n"
        "display(Javascript('window.pwned=1'))\n"
        "display({'image/svg+xml': P[6], 'text/plain': P[0]}, raw=True)\n"
        "display({'application/x-unknown': P[0], 'text/latex': P[1]}, raw=True)\n"
        "raise ValueError(''.join(P))\n"
    )
    notebook = v4.new_notebook(
        cells=[v4.new_markdown_cell("# Hostile notebook"), v4.new_code_cell(source)],
        metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "x"}},
    )
    return str(nbformat.writes(notebook))


@pytest.fixture(scope="session")
def hostile(
    chromium_path: str,
    once: Callable[[str, Callable[[Path], object]], Path],
    build: Callable[..., str],
) -> Path:
    """The hostile site."""

    def fill(project: Path) -> None:
        _write_project(project)
        build(project / "mkdocs.yml", project / "site")

    return once("hostile", fill) / "site"


def _write_project(project: Path) -> None:
    docs = project / "docs"
    docs.mkdir()
    formulas = "\n\n".join(
        f'$$\n\\text{{{payload}}}\n$$\n\n```math claim="claim-{n}"\n\\text{{{payload}}} = y\n```'
        for n, payload in enumerate(PAYLOADS)
    )
    (docs / "index.md").write_text(PAGE.format(payloads=PAYLOADS, formulas=formulas), "utf-8")
    (docs / "hostile.ipynb").write_text(_notebook(), "utf-8")
    (docs / "a'\"><img src=x onerror=window.pwned=1>.md").write_text(
        '# Name\n\n```python exec="on" id="named"\nprint(1)\n```\n\n[[verdicts]]\n', "utf-8"
    )
    (project / "mkdocs.yml").write_text(
        "site_name: Hostile\n"
        "theme: {name: material, font: false}\n"
        "plugins: [search, handout: {strict: false}, mkdocs-jupyter: {execute: false}]\n"
        "markdown_extensions: [pymdownx.superfences, pymdownx.arithmatex: {generic: true}]\n",
        "utf-8",
    )


def _open(browser: Browser, address: str, path: str) -> tuple[Page, list[str]]:
    """Open a page and provoke it: unfold, move the mouse, focus; return it and what it tried."""
    tab = browser.new_page()
    tried: list[str] = []
    home = urlsplit(address).netloc
    tab.on("dialog", lambda dialog: (tried.append(dialog.message), dialog.dismiss()))
    tab.on("pageerror", lambda error: tried.append(str(error)))
    tab.on(
        "request",
        lambda r: (
            None
            if urlsplit(r.url).netloc in (home, "") or r.url.startswith("data:")
            else tried.append(r.url)
        ),
    )
    tab.goto(address + path, wait_until="load")
    tab.evaluate(
        """() => { for (const e of document.querySelectorAll('article *')) {
          if (e.tagName === 'DETAILS') e.open = true;
          e.focus?.();
          e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
        } }"""
    )
    tab.wait_for_timeout(300)
    return tab, tried


_SUSPECT = """() => {
  const acting = ['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'FORM', 'BASE', 'META', 'LINK', 'VIDEO',
    'AUDIO', 'MARQUEE', 'TEMPLATE', 'STYLE', 'FOREIGNOBJECT', 'ANIMATE'];
  const suspect = a => a.name.startsWith('on')
    || /^\\s*javascript:/i.test(a.value) || /^\\s*(https?:)?\\/\\/evil/i.test(a.value);
  return [...document.querySelectorAll('article, article *')]
    .filter(e => acting.includes(e.tagName.toUpperCase()) || [...e.attributes].some(suspect))
    .map(e => e.outerHTML.slice(0, 200));
}"""


@pytest.mark.parametrize("name", ["index.html", "hostile", "a'"])
def test_no_payload_runs(browser: Browser, hostile: Path, serve: Serve, name: str) -> None:
    """No script runs, no handler fires, no request leaves, and no element that could is there."""
    path = next(
        p.relative_to(hostile).as_posix()
        for p in sorted(hostile.rglob("*.html"))
        if p.relative_to(hostile).as_posix().startswith(name)
    )
    with serve(hostile) as address:
        tab, tried = _open(browser, address, quote(path))
        assert tab.evaluate("window.pwned") is None
        assert tried == []
        assert tab.evaluate(_SUSPECT) == []
        tab.close()


def test_payloads_are_there_to_read(browser: Browser, hostile: Path, serve: Serve) -> None:
    """What a cell printed is shown letter by letter: nothing was stripped to make it safe."""
    with serve(hostile) as address:
        tab, _ = _open(browser, address, "index.html")
        text = "\n".join(tab.locator(".cell-output").all_text_contents())
        for payload in PAYLOADS:
            if "\x1b" not in payload:
                assert payload in text
        tab.close()


def test_hostile_cells_became_verdicts(hostile: Path) -> None:
    """The payloads did reach the pages: there are verdicts on all cells and formulas."""
    verdicts: list[dict[str, Any]] = json.loads((hostile / "verdicts.json").read_text())["verdicts"]
    ids = [verdict["id"] for verdict in verdicts]
    assert set(PAYLOADS) <= set(ids)
    assert sum(name.startswith("claim-") for name in ids) == len(PAYLOADS)
