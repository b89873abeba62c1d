"""What was reported to comparable tools, tried here; `docs/benchmarks/peer-reports.md` lists it.

A docstring begins with the report. Reports that tests elsewhere hold already are in the list alone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag
from tests.handout.hosts.small_site import Site

from handout.report.problems import problems
from handout.weave.woven import weave

ROOT = Path(__file__).parents[2]
LIST = ROOT / "docs/benchmarks/peer-reports.md"


def hit(workshop: Any) -> bool:
    """Whether the last run of a page came from the cache."""
    return bool(workshop.cache.misses == 0)


def html(judged: Any) -> str:
    """What a page's first cell shows."""
    return str(weave(judged.page, judged, {}).cells[0])


# ------------------------------------------------------------------------------- what cells show


def test_output_of_a_module(workshop) -> None:
    """pawamoy/markdown-exec#21: what a function of another module prints was lost."""
    workshop.write("somepackage.py", "def hello():\n    print('hello from there')\n")
    assert "hello from there" in html(workshop.cell("from somepackage import hello\nhello()"))


def test_value_and_lines(workshop) -> None:
    """pawamoy/markdown-exec#25: no value without print, and two prints on one line."""
    shown = html(workshop.cell("x, y = 1, 2\nprint(x)\nprint(y)\nx + y"))
    assert "1\n2\n3" in shown


def test_colours_in_a_value(workshop) -> None:
    """pawamoy/markdown-exec#27: escape sequences in a value were shown as text."""
    lambda_expression = "{ \\x1b[34;1mlambda \\x1b[39;22m; a:\\x1b[35mf32[]\\x1b[39m }"
    source = f"class Jaxpr:\n    def __repr__(self):\n        return '{lambda_expression}'\nJaxpr()"
    shown = html(workshop.cell(source))
    assert "\x1b" not in shown
    assert "[34" not in shown
    assert BeautifulSoup(shown, "html.parser").get_text().count("{ lambda ; a:f32[] }") == 1


def test_colours_by_number(workshop) -> None:
    """executablebooks/MyST-NB#378: colours of the 256 had no style."""
    shown = html(workshop.cell("print('\\x1b[38;5;1mHello world!\\x1b[0m')"))
    [span] = BeautifulSoup(shown, "html.parser").select("pre span")
    assert span.get_text() == "Hello world!"
    assert "red" in str(span["class"])


def test_a_declaration_before_a_drawing(workshop) -> None:
    """danielfrg/mkdocs-jupyter#92: a drawing with `<?xml encoding?>` ended the build."""
    shown = html(
        workshop.cell(
            'from IPython.display import SVG\nSVG(\'<?xml version="1.0" encoding="utf-8"?>'
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="3"/></svg>\')'
        )
    )
    assert "<circle" in shown
    assert "<?xml" not in shown


def test_streams_in_order(workshop) -> None:
    """jupyter/help#111: standard error was shown behind standard output."""
    source = "import sys\nfor k in 1, 2:\n    print('out', k)\n    print('err', k, file=sys.stderr)"
    shown = BeautifulSoup(html(workshop.cell(source)), "html.parser").get_text()
    assert re.findall(r"(?:out|err) \d", shown) == ["out 1", "err 1", "out 2", "err 2"]


def test_figures_between_prints(workshop) -> None:
    """quarto-dev/quarto-cli#9422: all figures came behind the text."""
    shown = html(
        workshop.cell(
            "import matplotlib.pyplot as plt\n"
            "print('Bar')\nplt.bar(['a'], [1])\nplt.show(block=False)\n"
            "print('Scatter')\nplt.scatter([1], [1])\nplt.show(block=False)\n"
            "print('Line')\nplt.plot([1, 2])\nplt.show(block=False)"
        )
    )
    order = re.findall(r"Bar|Scatter|Line|<svg", shown)
    assert [what for what in order if what] == ["Bar", "<svg", "Scatter", "<svg", "Line", "<svg"]


FRAME = """\
class Frame:
    def _repr_html_(self):
        return (
            '<style scoped>.dataframe tr:nth-child(even) {background: #eee}</style>'
            '<table border="1" class="dataframe"><tr style="background:white">'
            '<td bgcolor="#fff">1</td></tr></table>'
        )
Frame()
"""


def test_tables_take_the_colours_of_the_page(workshop) -> None:
    """jupyter-book/mystmd#1595: striped rows of a data frame were light on light in the dark."""
    shown = html(workshop.cell(FRAME))
    assert "<table>" in shown
    assert not re.search("style|bgcolor|background", shown)


SYMBOL = """\
from IPython.display import SVG
for size in 3, 5:
    display(SVG(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<symbol id="glyph0-1"><path d="M0 0h{size}"/></symbol><use xlink:href="#glyph0-1"/></svg>'
    ))
"""


def test_drawings_with_the_same_names(workshop) -> None:
    """jupyter/notebook#333, igraph/python-igraph#222: a drawing showed the glyphs of another."""
    drawings = BeautifulSoup(html(workshop.cell(SYMBOL)), "html.parser").select("svg")
    names = [str(drawing.select_one("symbol")["id"]) for drawing in drawings]
    assert len(set(names)) == 2
    assert [drawing.select_one("use")["xlink:href"] for drawing in drawings] == [
        f"#{name}" for name in names
    ]


def test_prices_in_a_table(workshop) -> None:
    """pandas-dev/pandas#19824: `$200 million to $700 million` in a data frame became a formula."""
    prices = "From $200 million to $700 million"
    shown = html(workshop.cell(FRAME.replace("1</td>", f"{prices}</td>")))
    assert f">{prices}<" in shown


# ------------------------------------------------------------------------------- what fails


def test_where_a_cell_failed(workshop) -> None:
    """pawamoy/markdown-exec#12: a failing block was reported without page, line or output."""
    workshop.write("page.md", '# P\n\n```python exec="on"\nx = 1\nprint(x)\n1 / 0\n```\n')
    [verdict] = workshop.run("page.md")["page.md"].verdicts
    assert verdict["details"]["line"] == 6
    assert verdict["message"].startswith("ZeroDivisionError: ")


def test_where_a_cell_of_a_notebook_failed(workshop) -> None:
    """AnswerDotAI/nbdev#1417, quarto-dev/quarto-cli#8922: of a notebook without headings, or one
    whose source is no list of lines, the message did not say which it was.
    """
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [code | {"source": "1"}, code | {"source": "r = 1 / 0\nimport sys"}]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    workshop.write("book.ipynb", json.dumps(book, indent=1))
    judged = workshop.run("book.ipynb")["book.ipynb"]
    [problem] = problems(judged)
    assert str(problem).startswith("book.ipynb:15: cell-2: error, verified was expected: Zero")


def test_nobody_answers_input(workshop) -> None:
    """jupyter/nbconvert#288: `input()` waits, or fails with a message about the front end."""
    [verdict] = workshop.cell("name = input('Name? ')").verdicts
    assert verdict["message"].startswith("EOFError")


def test_lines_of_a_traceback(workshop) -> None:
    """modal-labs/pytest-markdown-docs#36: lines of other files were shifted as well."""
    workshop.write("other.py", "\n\ndef f():\n    return 1 / 0\n")
    workshop.write("page.md", '# P\n\n```python exec="on"\nimport other\nother.f()\n```\n')
    judged = workshop.run("page.md")["page.md"]
    shown = BeautifulSoup(html(judged), "html.parser").get_text()
    assert 'page.md", line 5' in shown
    assert 'other.py", line 4' in shown


def test_a_killed_process_passes_nothing(workshop) -> None:
    """jupyter/nbgrader#427, jupyter/nbclient#88: a killed kernel hung, or passed all tests."""
    page = "".join(
        f'```python exec="on"\n{code}\n```\n\n'
        for code in ("1", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "2")
    )
    workshop.write("page.md", page)
    first, second, third = workshop.run("page.md")["page.md"].verdicts
    assert first["ok"]
    assert (second["code"], third["code"]) == ("H303", "H304")


def test_nothing_runs_on_after_a_timeout(workshop) -> None:
    """computationalmodelling/nbval#41: cells below ran while the endless loop went on."""
    page = "".join(
        f'```python exec="on"{option}\n{code}\n```\n\n'
        for option, code in ((' timeout="0.5"', "while True: pass"), ("", "print('below')"))
    )
    workshop.write("page.md", page)
    endless, below = workshop.run("page.md")["page.md"].verdicts
    assert (endless["code"], below["code"]) == ("H303", "H304")


def test_tabs_elsewhere(workshop) -> None:
    """simplistix/sybil#24: tabs in a block that is no Python failed the page."""
    workshop.write(
        "page.md",
        "```text\n*XXA:\tfirst\n%mor:\tsecond\n```\n\n    >>> indented\twith a tab\n\n"
        '```python exec="on"\nprint("a\tb".split("\\t"))\n```\n',
    )
    judged = workshop.run("page.md")["page.md"]
    assert [v["ok"] for v in judged.verdicts] == [True]


# ------------------------------------------------------------------------------- what is kept


def test_an_earlier_cell_changes(workshop) -> None:
    """yihui/knitr#1379: a chunk was kept although the one that it uses had changed."""
    page = '```python exec="on"\nx = {}\n```\n\n```python exec="on"\nprint("x is", x)\n```\n'
    for value in 1, 36:
        workshop.write("page.md", page.format(value))
        judged = workshop.run("page.md", cached=True)["page.md"]
        assert f"x is {value}" in weave(judged.page, judged, {}).cells[1]


def test_a_file_that_is_read_changes(workshop) -> None:
    """yihui/knitr#238: a chunk was kept although the file that it reads had changed."""
    for value in "one", "two":
        workshop.write("data.csv", value)
        assert value in html(workshop.cell("open('data.csv').read()", cached=True))


def test_a_file_that_is_written_is_lost(workshop) -> None:
    """yihui/knitr#238: ... or although what it had written was gone."""
    for _ in range(2):
        workshop.cell("open('made.txt', 'w').write('x')", cached=True)
        (workshop.root / "made.txt").unlink()  # which fails if it was not made again


def test_a_cell_in_a_file_of_its_own(workshop) -> None:
    """executablebooks/MyST-NB#621: code that a cell takes from a file was kept as it had been."""
    for value in "1", "2":
        workshop.write("code.py", f"print('value {value}')\n")
        judged = workshop.cell("exec(open('code.py').read())", cached=True)
        assert f"value {value}" in html(judged)


def test_a_module_changes_during_a_preview(workshop) -> None:
    """pymc-labs/pathmc#384: a kernel that lived on between renders kept the old module."""
    for value in "old", "new":  # both runs in this process, as in `serve`
        workshop.write("library.py", f"name = '{value}'\n")
        assert value in html(workshop.cell("import library\nlibrary.name", cached=True))


def test_a_second_build_from_the_cache(workshop) -> None:
    """quarto-dev/quarto-cli#9618: the second render failed when it read the cache."""
    workshop.write("page.md", '```python exec="on"\n1 + 1\n```\n')
    past = time.time() - 60  # what was written in the second of the run is not trusted
    os.utime(workshop.root / "page.md", (past, past))
    first, second = (html(workshop.run("page.md", cached=True)["page.md"]) for _ in range(2))
    assert hit(workshop)
    assert first == second


# ------------------------------------------------------------------------------- whole sites

MACROS = """\
def define_env(env):
    @env.macro
    def word():
        return "from a macro"
"""
BOOK = [
    "# Book of $\\alpha$",
    "Sum $s_i = s_{i}\n$ and $j<k$ and $<k'>$ here.\n\n$$\na\n+ b\n- c < d\n$$\n\n$$$$\n\nEnd.",
    "![by Markdown](img/editor.png)\n\n<img src=img/editor.png width=450>\n\n"
    '<img src="img/editor.png">\n\n[page](formulas.md) [book](other.ipynb#part) '
    "<a href='formulas.md'>raw</a>",
]
OTHER = [
    "# Other",
    "## The $\\beta$ part",
    "## part",
    "$$\n\\begin{bmatrix} 1 & x_1 \\\\ \\vdots \\\\ 1 & x_n \\end{bmatrix}\n"
    "\\begin{pmatrix} a \\\\ b \\end{pmatrix}\n=\n\\begin{pmatrix} y \\\\ z \\end{pmatrix}\n$$",
    "<ol>\n<li>$$u < w < v $$</li>\n<li>$$w < 2 v $$</li>\n</ol>",
    "| A | B |\n|---|--:|\n| first | $1600 |\n| second | $12 |\n\n"
    "It is \\$40 for 2 and \\$20 for 3, or \\\\$50 and \\\\$30.",
    "![pasted](attachment:image.png)",
]
FORMULAS = """\
# Of $\\alpha$

## The $\\beta$ part

{% raw %}

$$ \\sqrt{{\\sigma} + {m}} $$

{% endraw %}
"""
INCLUDED = """\
```python exec="on" id="subscript"
table = {1: str}
print([table[1](7)], (lambda a=[]: a)(), "[text](../lost.md)")
```
"""
CODE = """\
```python exec="on" id="macro"
print("{{ word() }}")
```

1.  First

    {%
       include-markdown "./inside.txt"
    %}

2.  Second
"""
MANY = "".join(
    f'class C{k}:\n    """Class {k}."""\n    def f(self, x: int = {k}) -> int:\n'
    f'        """Method {k}.\n\n        Args:\n            x: a number.\n        """\n\n'
    for k in range(90)
)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010100000000376ef9240000000a49444154789c63"
    "60000000020001e221bc330000000049454e44ae426082"
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site of two pages."""
    return Site(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with the plugins that the reports are about, built strictly, once."""
    site = Site(tmp_path_factory.mktemp("reports"))
    strings = {"handlers": {"python": {"paths": ["."]}}}
    site.configure(
        "search",
        "blog",
        "macros",
        "include-markdown",
        {"mkdocstrings": strings},
        {"mkdocs-jupyter": {"execute": False}},
        "handout",
        {"git-revision-date-localized": {"fallback_to_build_date": False}},
        markdown_extensions=[
            "pymdownx.superfences",
            "pymdownx.arithmatex",
            {"toc": {"permalink": True}},
        ],
    )
    site.write(".gitignore", ".cache/\nsite/\n__pycache__/\n")
    site.write("main.py", MACROS)
    site.write("many.py", MANY)
    site.write("docs/formulas.md", FORMULAS)
    site.write("docs/inside.txt", INCLUDED)
    site.write("docs/code.md", f"# Code\n\n{CODE}")
    site.write("docs/many.md", '# Many\n\n```python exec="on"\nprint("hi")\n```\n\n::: many\n')
    site.write("docs/blog/index.md", "# Blog\n")
    site.write(
        "docs/blog/posts/p.md",
        '---\ndate: 2026-01-02\n---\n\n# Post\n\n```python exec="on"\nprint("in a post")\n```\n\n'
        "And $\\gamma$.\n\n<!-- more -->\n\nRest.\n",
    )
    for name, cells in {"book": BOOK, "other": OTHER}.items():
        notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_markdown_cell, cells)))
        pasted = {"image.png": {"image/png": b64encode(PIXEL).decode()}}
        notebook.cells[-1]["attachments"] = pasted
        a, b = (nbformat.v4.new_code_cell(code, id="a") for code in ("n = 6", "n * 7"))
        notebook.cells += [a, nbformat.v4.new_raw_cell("1 / 0", id="r"), b]
        site.write(f"docs/{name}.ipynb", json.dumps(notebook).replace('"id": "r"', '"id": null'))
    image = site.root / "docs/img/editor.png"
    image.parent.mkdir()
    image.write_bytes(PIXEL)
    site.commit()
    site.build()
    return site


@pytest.fixture(scope="module")
def rebuilt(built: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, str]:
    """A copy of it in which a notebook's text and a cell were changed, and what its build said."""
    root = tmp_path_factory.mktemp("rebuilt") / "site"
    shutil.copytree(built.root, root)
    for name, old, new in (
        ("other.ipynb", "# Other", "# Another"),
        ("many.md", "hi", 'hi" / 0 + "'),
    ):
        file = root / "docs" / name
        file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    site = Site.__new__(Site)
    site.root = root
    return site, site.run(sys.executable, "-m", "mkdocs", "build", status=1)


def article(site: Site, page: str) -> Tag:
    """The text of a page that was built."""
    found = BeautifulSoup((site.root / f"site/{page}").read_text("utf-8"), "html.parser")
    text = found.select_one("article")
    assert text is not None
    return text


def leads(site: Site, page: str, address: str) -> bool:
    """Whether an address, seen from a page, is a file of the site."""
    target = Path(os.path.normpath((site.root / f"site/{page}").parent / address.split("#")[0]))
    return (target / "index.html").is_file() or target.is_file()


@pytest.mark.slow
def test_pictures_of_a_notebook(built: Site) -> None:
    """danielfrg/mkdocs-jupyter#14, danielfrg/mkdocs-jupyter#53: pictures beside a notebook were
    not found, by `![]()` or by `<img src=..>`.
    """
    pictures = [str(image["src"]) for image in article(built, "book/index.html").select("img")]
    assert len(pictures) == 3
    assert all(leads(built, "book/index.html", picture) for picture in pictures), pictures


@pytest.mark.slow
def test_links_of_a_notebook(built: Site) -> None:
    """danielfrg/mkdocs-jupyter#157: links to pages led to the Markdown and to the notebook."""
    text = article(built, "book/index.html")
    links = {a.get_text(): str(a["href"]) for a in text.select("a") if a.get_text().isalpha()}
    assert links["page"] == links["raw"] == "../formulas/"
    assert links["book"] == "../other/#part"


@pytest.mark.slow
def test_formulas_of_a_notebook(built: Site) -> None:
    """jupyter/nbconvert#50, #404, #831, jupyter/notebook#1189: Markdown took `_`, `+`, `<` and
    `$$$$` in formulas for its own.
    """
    text = article(built, "book/index.html")
    for told in text.select("details, aside"):  # which formulas are tested
        told.decompose()
    assert text.select("em, ul, k") == []
    math = [m.get_text() for m in text.select("math")]
    assert len(math) == 5, math
    assert "End." in text.get_text()


@pytest.mark.slow
def test_a_raw_cell_and_the_ids_of_cells(built: Site) -> None:
    """microsoft/vscode-jupyter#6954, jupyter/nbformat#359: cells below a raw one did not run; an
    id that was missing, null or given twice was warned of without a name, or ended the build.
    """
    text = article(built, "other/index.html").get_text()
    assert "42" in text
    assert "1 / 0" not in text


@pytest.mark.slow
def test_a_picture_that_was_pasted(built: Site) -> None:
    """executablebooks/MyST-NB#492, executablebooks/MyST-NB#655, jupyter-book/jupyter-book#873: it
    was looked for as a file.
    """
    [picture] = article(built, "other/index.html").select("img")
    assert str(picture["src"]).startswith("data:image/png;base64,")


@pytest.mark.slow
def test_matrices_and_lists_of_formulas(built: Site) -> None:
    """jupyter/notebook#2865, whitead/dmol-book#158: several matrices in one formula, and formulas
    with `<` in a list of HTML, were shown as LaTeX.
    """
    text = article(built, "other/index.html")
    assert len(text.select("math mtable")) == 3
    assert len(text.select("ol > li math")) == 2


@pytest.mark.slow
def test_prices_in_a_notebook(built: Site) -> None:
    """jupyter-book/jupyter-book#750, jupyter/notebook#1183: prices in a table became a formula, and
    the backslashes that Jupyter needs before a dollar stayed on the page.
    """
    text = " ".join(article(built, "other/index.html").get_text().split())
    assert "first $1600 second $12 It is $40 for 2 and $20 for 3, or $50 and $30." in text


@pytest.mark.slow
def test_braces_in_a_formula(built: Site) -> None:
    """fralau/mkdocs-macros-plugin#221: `{{` in a formula is the other plugin's; `raw` keeps it."""
    assert len(article(built, "formulas/index.html").select("math[display=block]")) == 1


@pytest.mark.slow
def test_braces_that_another_plugin_takes(site: Site) -> None:
    """fralau/mkdocs-macros-plugin#221: where they are not kept, an error takes the page, and
    a claim is gone with the page, which is told.
    """
    site.write("docs/index.md", "# Home\n\n$$\n1 = \\sqrt{{2} + {7}} \\label{a}\n$$\n")
    site.write("docs/page.md", "# P\n\n<!-- claim: wrong -->\n$$\n1 = \\sqrt{{2} + {7}}\n$$\n")
    site.configure("macros", "handout")
    said = site.run(sys.executable, "-m", "mkdocs", "build", status=1)
    told = "docs/page.md:3: no cell or claim of this page reaches the site"
    assert told in " ".join(said.split())


@pytest.mark.slow
def test_a_macro_in_a_cell(built: Site) -> None:
    """fralau/mkdocs-macros-plugin#57: macros work in code, too; so what is shown is what ran."""
    text = article(built, "code/index.html").get_text()
    assert text.count("from a macro") == 2
    assert "word()" not in text


@pytest.mark.slow
def test_included_code(built: Site) -> None:
    """mondeja/mkdocs-include-markdown-plugin#78, #123: `[..](..)` in included code was taken for a
    link, and code in a list lost its indentation.
    """
    text = article(built, "code/index.html")
    item = text.select_one("ol > li")
    assert item is not None
    assert "table[1](7)" in item.get_text()
    assert "['7'] [] [text](../lost.md)" in item.get_text()
    assert built.claims("code.md") == {"macro": "verified", "subscript": "verified"}


@pytest.mark.slow
def test_a_long_reference_below_a_cell(built: Site) -> None:
    """pawamoy/markdown-exec#97: a cell and a reference of 80 symbols on a page ended the build."""
    text = article(built, "many/index.html").get_text()
    assert "hi" in text
    assert "Method 89." in text


@pytest.mark.slow
def test_formulas_in_the_table_of_contents(built: Site) -> None:
    r"""squidfunk/mkdocs-material#8036, jupyter-book/jupyter-book#2043: `\(\beta\)` stood in the
    table of contents, of pages or of notebooks.
    """
    for name in "formulas", "other":
        page = BeautifulSoup((built.root / f"site/{name}/index.html").read_text(), "html.parser")
        entries = [e.get_text() for e in page.select(".md-nav--secondary .md-nav__item > a")]
        assert any("β" in entry for entry in entries)
        assert not any("\\" in entry for entry in entries)


@pytest.mark.slow
def test_posts_in_a_list(built: Site) -> None:
    """squidfunk/mkdocs-material#7938: other plugins did not reach the posts in the blog's list."""
    text = article(built, "blog/index.html")
    assert "in a post" in text.get_text()
    assert text.select_one("math") is not None


@pytest.mark.slow
def test_notebooks_are_known_to_git(built: Site) -> None:
    """timvink/mkdocs-git-revision-date-localized-plugin#54: copies of pages have no history."""
    assert "git-revision-date" in (built.root / "site/book/index.html").read_text()


@pytest.mark.slow
def test_only_the_text_of_a_notebook_changes(rebuilt: tuple[Site, str]) -> None:
    """jupyter-book/jupyter-book#1655: with no code changed, the page was not written again."""
    assert "Another" in article(rebuilt[0], "other/index.html").get_text()


@pytest.mark.slow
def test_a_failing_cell_fails_the_build(rebuilt: tuple[Site, str]) -> None:
    """executablebooks/MyST-NB#248: execution failed, and the build ended with status 0."""
    assert "docs/many.md:4" in rebuilt[1]


@pytest.mark.slow
def test_a_locale_without_utf_8(tmp_path: Path) -> None:
    """jupyter/nbconvert#1868, danielfrg/mkdocs-jupyter#60: pages were read in the locale's code."""
    (tmp_path / "page.md").write_text(
        '# \u0394 \u2192\n\n```python exec="on"\nprint("\u2192 \u0394")\n```\n', "utf-8"
    )
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "handout", "check", "page.md", "--json", "v.json"],
        cwd=tmp_path, env=environment, capture_output=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "v.json").read_text("utf-8"))["summary"]["verified"] == 1


def test_the_list_names_what_is_tried() -> None:
    """Every report of this file is in the list, and every test that the list names exists."""
    text = LIST.read_text("utf-8")
    here = Path(__file__).read_text("utf-8")
    for owner, number in re.findall(r"\b([\w-]+/[\w-]+)#(\d+)", here):
        assert re.search(rf"github\.com/{owner}/(?:issues|pull)/{number}\)", text), (owner, number)
    tests = "".join(f.read_text("utf-8") for f in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", text)
    assert len(named) > 29
    assert [name for name in named if f"def {name}(" not in tests] == []
