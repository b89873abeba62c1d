"""Pages and notebooks that import what courses import, and what they show of it.

These packages are large, so they have an environment of their own: `make test-packages`. Where one
is missing, its cases are skipped.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from handout.weave.woven import weave

ROOT = Path(__file__).parents[3]
FIGURE = '<div class="cell-picture"><svg'


class Case(NamedTuple):
    """What is imported, what a cell does, and what its page then shows."""

    package: str  # as it is imported
    source: str
    shows: tuple[str, ...]  # parts of the HTML
    name: str = ""  # as it is installed, if that is another name


CASES = [
    Case("pandas", "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
         ("<table>", "<th>a</th>", "<td>2</td>")),
    Case("pandas", "import pandas as pd\npd.Series(pd.date_range('2020-01-01', periods=2))",
         ("2020-01-02",)),
    Case("pandas", "import pandas as pd\npd.DataFrame({'a': [1]}).style.format('{:.2f}')",
         ("<table>", "1.00</td>")),
    Case("polars", "import polars as pl\npl.DataFrame({'a': [1, 2]})",
         ("shape: (2, 1)", "<td>2</td>")),
    Case("scipy", "from scipy import special\nround(float(special.gamma(0.5)) ** 2, 6)",
         ("3.141593",)),
    Case("sklearn", "from sklearn.linear_model import LinearRegression\n"
         "LinearRegression().fit([[0], [1]], [0, 2])",
         (">LinearRegression()</pre>",), "scikit-learn"),
    Case("statsmodels", "import numpy as np, statsmodels.api as sm\nx = np.arange(9.0)\n"
         "sm.OLS(2 * x + np.cos(x), sm.add_constant(x)).fit().summary()",
         ("<caption>OLS Regression Results</caption>", "R-squared")),
    Case("sympy", "import sympy\nx = sympy.symbols('x')\nsympy.integrate(1 / x, x)",
         ('<math display="block"', "log")),
    Case("sympy", "import sympy\nsympy.init_printing()\nsympy.sqrt(sympy.symbols('x'))",
         ("<msqrt>",)),
    Case("matplotlib", "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.title('curve')",
         (FIGURE, ">curve</text>")),
    Case("seaborn", "import seaborn as sns\nsns.lineplot(x=[1, 2], y=[3, 4])", (FIGURE,)),
    Case("plotly", "import plotly.express as px\npx.line(x=[1, 2], y=[1, 4], title='Squares')",
         ("Interactive chart by Plotly “Squares”: scatter",)),
    Case("plotly", "import plotly.express as px\npx.line(x=[1, 2], y=[1, 4]).show()",
         ("Interactive chart by Plotly",)),
    Case("altair", "import altair as alt\nalt.Chart(alt.Data(values=[{'a': 1}, {'a': 2}]))"
         ".mark_bar().encode(x='a:Q')", (FIGURE,)),
    Case("ipywidgets", "import ipywidgets\nipywidgets.IntSlider(value=3)",
         ("Interactive widget.", "IntSlider(value=3)")),
    Case("networkx", "import networkx as nx\nG = nx.path_graph(3)\n"
         "nx.draw(G, nx.circular_layout(G), with_labels=True)", (FIGURE, ">2</text>")),
    Case("pyarrow", "import pyarrow as pa, pyarrow.parquet as pq\nt = pa.table({'a': [1, 2]})\n"
         "pq.write_table(t, 't.parquet')\npq.read_table('t.parquet')",
         ("pyarrow.Table", "a: int64")),
    Case("duckdb", "import duckdb\nduckdb.sql('select 6 * 7 as answer').show()", ("answer", "42")),
    Case("duckdb", "import duckdb\nduckdb.sql('select 42 as answer')", ("answer", "42")),
    Case("torch", "import torch\nx = torch.ones(2, requires_grad=True)\n(x ** 2).sum().backward()\n"
         "x.grad", ("tensor([2., 2.])",)),
    Case("jax", "import jax\njax.grad(lambda x: x ** 3)(2.0)", ("Array(12., dtype=float32",)),
    Case("numba", "import numba\n@numba.njit\ndef f(n):\n    s = 0\n    for i in range(n): s += i\n"
         "    return s\nf(10)", (">45</pre>",)),
    Case("tqdm", "from tqdm import tqdm\nfor _ in tqdm(range(50), desc='epochs'): pass",
         ("epochs: 100%", "50/50")),
    Case("requests", "import requests\ntry:\n    requests.get('http://127.0.0.1:9', timeout=5)\n"
         "except requests.ConnectionError as error: print(type(error).__name__)",
         ("ConnectionError",)),
]  # fmt: skip


@pytest.mark.heavy
@pytest.mark.parametrize("notebook", [False, True], ids=["page", "notebook"])
@pytest.mark.parametrize("case", CASES, ids=[f"{c.package}-{i}" for i, c in enumerate(CASES)])
def test_a_package_is_imported_and_shown(workshop, case: Case, notebook: bool) -> None:
    """Within the limits that are the default, and with nothing on the page that could act."""
    if importlib.util.find_spec(case.package) is None:
        pytest.skip(f"{case.name or case.package} is not installed: make test-packages")
    name = "page.ipynb" if notebook else "page.md"
    if notebook:
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(case.source)])
        workshop.write(name, nbformat.writes(book).encode())
    else:
        workshop.write(name, f'```python exec="on"\n{case.source}\n```\n'.encode())
    judged = workshop.run(name)[name]
    assert [v["ok"] for v in judged.verdicts] == [True], judged.verdicts[0]["message"]
    html = weave(judged.page, judged, {}).cells[0]
    for part in case.shows:
        assert part in html, html
    assert not re.search("<(?:script|style|iframe|link)", html)
    assert str(workshop.root) not in html


def test_the_page_of_packages_names_what_is_tried() -> None:
    """With the versions that `make test-packages` installs."""
    pinned = dict(
        line.split("==")
        for line in (ROOT / "requirements/packages.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    )
    text = (ROOT / "docs/reference/packages.md").read_text()
    rows = dict(re.findall(r"^\| ([\w-]+) \| ([\d.]+) \|", text, re.MULTILINE))
    assert rows.items() <= pinned.items()
    assert {case.name or case.package for case in CASES} == rows.keys()
