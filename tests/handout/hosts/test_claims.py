"""Claims without syntax of ours, on a site: formulas stay as they are, and get verdicts."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
from click.testing import CliRunner, Result

from handout.cli import main

SETUP = (
    '```python exec="on"\nfrom edf import AnyFunction, Input, Softmax\n'
    "x = Input(shape=(4,))\nP = Softmax(x)\nl = AnyFunction()(P)\n```\n"
)
JACOBIAN = r"\frac{\partial P_i}{\partial x_j} = P_i(\delta_{ij} - P_j)"
VJP = (
    r"\frac{\partial l}{\partial x_j} = P_j\left(\frac{\partial l}{\partial P_j} - "
    r"\sum_i \frac{\partial l}{\partial P_i} P_i\right)"
)
CONFIGURATION = """\
site_name: Test
theme: {name: mkdocs}
plugins: [{handout: {OPTIONS}}NOTEBOOKS]
markdown_extensions: [{pymdownx.arithmatex: {generic: true}}, pymdownx.superfences]
"""


def handout(*words: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(main, words)


def site(workshop, options: str = "", notebooks: str = "", **pages: str) -> Result:
    """Build a site of some pages, strictly."""
    text = CONFIGURATION.replace("OPTIONS", options).replace("NOTEBOOKS", notebooks)
    workshop.write("mkdocs.yml", text)
    for name, page in {"index": "# Index\n", **pages}.items():
        workshop.write(f"docs/{name}.md", page.encode())
    return handout("build", "--strict")


def page(workshop, name: str) -> str:
    return (workshop.root / "site" / name / "index.html").read_text()


def test_a_formula_with_a_comment_is_shown_once_and_judged(workshop) -> None:
    """In a paragraph, too; the comment is gone, the formula set, the card under it."""
    made = site(
        workshop,
        a=f"# A\n\n{SETUP}\nThen\n<!-- claim: jacobian -->\n$$\n{JACOBIAN}\n$$\nfollows.\n\n"
        f'<!-- claim: wrong expect="refuted" -->\n\\[ {VJP} + 1 \\]\n\n$$ y = 1 $$\n',
    )
    assert made.exit_code == 0, made.output
    html = page(workshop, "a")
    assert "claim:" not in html
    assert "$$" not in html
    assert html.count('<span class="math-display">') == 3
    for claim in ("jacobian", "wrong"):
        assert html.count(f'id="verdict-{claim}"') == 1
    assert html.index("<math") < html.index('id="verdict-jacobian"') < html.index("follows.")
    assert "2 claims tested at this build: 1 verified, 1 wrong as expected." in html
    assert "1 cell of code ran, as expected. 2 of 3 formulas tested." in html
    assert "not claimed" in html


def test_a_page_that_claims_as_a_whole(workshop) -> None:
    """What can be tested is; what cannot is no failure, and counts against the coverage."""
    text = (
        f"---\nclaims: all\n---\n# Soft max\n\n{SETUP}\n$$ {JACOBIAN} $$\n\n$$ {VJP} $$\n\n"
        "$$ q = 3 z $$\n\n<!-- claim: skip -->\n$$ 1 = 2 $$\n\n$$ f(x) $$\n"
    )
    assert site(workshop, a=text).exit_code == 0
    html = page(workshop, "a")
    assert 'id="verdict-soft-max-1"' in html
    assert 'id="verdict-soft-max-2"' in html
    assert "2 of 4 formulas tested." in html
    assert "skipped by its author" in html
    done = handout("coverage", "docs/a.md", "--json", "c.json")
    assert done.exit_code == 0, done.output
    assert "docs/a.md:17: soft-max-3: not tested: " in done.stdout
    assert "50 %" in done.stdout
    found = json.loads((workshop.root / "c.json").read_text())
    assert found["summary"]["tested"] == 2
    assert [reason["line"] for reason in found["pages"][0]["reasons"]] == [17, 19]
    assert "is not bound" in found["pages"][0]["reasons"][0]["reason"]
    assert [reason["code"] for reason in found["pages"][0]["reasons"]] == ["H413", None]
    assert "[H413]" in done.stdout


def test_a_wrong_formula_on_a_page_that_claims_as_a_whole_fails(workshop) -> None:
    """A counterexample is a failure, however the claim came about."""
    made = site(workshop, "claims: all", a=f"# A\n\n{SETUP}\n$$ {JACOBIAN} + 1 $$\n")
    assert made.exit_code == 1
    done = handout("check", "docs/a.md")
    assert done.exit_code == 1
    assert "docs/a.md:10: a-1: refuted, verified was expected" in done.output


@pytest.mark.parametrize(("least", "status"), [(50, 0), (51, 1)])
def test_less_coverage_than_asked_for_fails(workshop, least: int, status: int) -> None:
    """By `check`, by `build` and by `coverage`; a page may ask for less than its site."""
    text = f"# A\n\n{SETUP}\n<!-- claim: a -->\n$$ {JACOBIAN} $$\n\n$$ y = 1 $$\n"
    assert site(workshop, f"coverage: {least}", a=text).exit_code == status
    for command in ("check", "coverage"):
        done = handout(command, "docs/a.md")
        assert done.exit_code == status
        assert ("docs/a.md:13: coverage: 1 of 2 formulas" in done.output) is (status == 1)
    assert "1 not claimed: write <!-- claim: ID --> before a formula" in done.output
    assert handout("build").exit_code == status
    assert site(workshop, f"coverage: {least}", a=f"---\ncoverage: 50\n---\n{text}").exit_code == 0


def test_a_chain_defines_by_its_first_equality_and_claims_the_rest(workshop) -> None:
    """A new name on the left of a chain: what follows the second equals sign is tested."""
    text = (
        "---\nclaims: all\n---\n<!-- let: z \\in \\mathbb{R} -->\n\n"
        "$$ p = \\frac{1}{1 + e^{-z}} = \\sigma(z) = SIGN\\sigma(z) $$\n\n"
        "$$ p + \\sigma(-z) = 1 $$\n"
    )
    workshop.write("a.md", text.replace("SIGN", "1 \\cdot ").encode())
    done = handout("check", "a.md")
    assert done.exit_code == 0, done.output
    assert "formula-1 step 2" in done.output
    assert "3 verified" in done.output
    workshop.write("a.md", text.replace("SIGN", "-").encode())
    done = handout("check", "a.md")
    assert done.exit_code == 1
    assert "formula-1 step 3: refuted" in done.output


def whole_page(declared: str, *formulas: str) -> str:
    """A page that claims as a whole."""
    shown = "\n\n".join(f"$$ {formula} $$" for formula in formulas)
    return f"---\nclaims: all\n---\n<!-- let: {declared} -->\n\n{shown}\n"


def test_a_formula_defines_and_claims_what_stands_beside(workshop) -> None:
    """And a word with a meaning, as the trace, is no new name that would hide a claim."""
    text = whole_page(
        r"A \in \mathbb{R}^{n \times n}, v \in \mathbb{R}^n",
        r"q_k = v_k^2, \quad k = 1, \dots, n",
        r"G = A + A^\top, \qquad G^\top = G",
        r"\begin{aligned} s &= \sum_k q_k \\ &= v^\top v \end{aligned}",
        r"\operatorname{tr}(G) = 2 \operatorname{tr}(A)",
    )
    workshop.write("a.md", text.encode())
    done = handout("check", "a.md")
    assert done.exit_code == 0, done.output
    assert [line.split()[1] for line in done.output.splitlines()[1:4]] == [
        "formula-2", "formula-3", "formula-4"
    ]  # fmt: skip
    assert "3 verified; all as expected" in done.output
    workshop.write("a.md", text.replace("2 \\operatorname", "3 \\operatorname").encode())
    assert "formula-4: refuted" in handout("check", "a.md").output


def test_a_network_is_defined_by_its_formulas_alone(workshop) -> None:
    """Layers by number, several in one formula, and the mean of u beside a length m."""
    text = whole_page(
        r"x \in \mathbb{R}^n, W_1 \in \mathbb{R}^{m \times n}, W_2 \in \mathbb{R}^{k \times m}, "
        r"t \in \mathbb{R}^k",
        r"z_1 = W_1 x, \qquad a_1 = \tanh(z_1), \qquad z_2 = W_2 a_1",
        r"L = \tfrac{1}{2} \lVert z_2 - t \rVert^2",
        r"\delta_2 = z_2 - t, \qquad \delta_1 = (W_2^\top \delta_2) \odot (1 - a_1^2)",
        r"\frac{\partial L}{\partial W_1} = \delta_1 x^\top",
        r"m_t = \frac{1}{k} \sum_i t_i",
        r"\sum_i (t_i - m_t) = 0",
    )
    workshop.write("a.md", text.encode())
    done = handout("check", "a.md")
    assert "2 verified; all as expected" in done.output, done.output


def test_signs_that_define_do_so_wherever_they_stand(workshop) -> None:
    """In a claim, and where a formula is only shown; anew, if formulas have bound the name."""
    text = (
        "<!-- let: x \\in \\mathbb{R}^n -->\n\n$$ a := x^\\top x $$\n\n$$ a(x := $$\n\n"
        '```python exec="on"\nprint(a)\n```\n\n'
        "<!-- claim: b -->\n$$ b \\triangleq 3 a = 3 \\sum_i x_i^2 $$\n\n"
        "```math\na \\overset{\\text{def}}{=} 2 x^\\top x\n```\n\n"
        "<!-- claim: anew -->\n$$ \\nabla_x a = 4 x $$\n\n"
        '<!-- claim: taken expect="refuted" -->\n$$ a := 5 x^\\top x $$\n\n'
        "<!-- claim: nothing -->\n$$ c := 2 a $$\n\n"
    )
    workshop.write("a.md", text.encode())
    done = handout("check", "a.md")
    assert "3 verified, 1 refuted, 1 error; 1 not as expected" in done.output
    assert "a.md:25: nothing: error, verified was expected: This defines" in done.output
    counts = handout("coverage", "a.md").output.splitlines()[-1].split()
    assert counts[1:5] == ["8", "3", "3", "2"]


def test_a_page_declares_how_its_formulas_are_read(workshop) -> None:
    """Bare vectors by component, in claims and definitions; a formula may say otherwise."""
    formulas = (
        "<!-- let: x \\in \\mathbb{R}^n, f : \\mathbb{R}^n \\to \\mathbb{R} -->\n\n"
        "<!-- define -->\n$$ P(x)_i = \\frac{e^{x_i}}{\\sum_j e^{x_j}}, \\quad l = f(P) $$\n\n"
        "$$ \\frac{\\partial P}{\\partial x} = P(1 - P) $$\n\n"
        '<!-- claim: own reading="base 1" -->\n$$ \\sum_i P_i = 1 $$\n'
    )
    workshop.write("a.md", f"---\nclaims: all\nreading: componentwise i\n---\n{formulas}".encode())
    done = handout("check", "a.md")
    assert done.exit_code == 0, done.output
    assert "2 verified" in done.output
    workshop.write("a.md", f"---\nreading: by component\n---\n{formulas}".encode())
    assert "a.md:2: page-reading: error" in handout("check", "a.md").output


def test_bad_front_matter_is_an_error_on_its_line(workshop) -> None:
    """An option that cannot be used is said, not passed over."""
    workshop.write("a.md", b"---\nclaims: every\ncoverage: lots\n---\n# A\n")
    done = handout("check", "a.md")
    assert done.exit_code == 1
    assert "a.md:2: page-claims: " in done.output
    assert "must be one of marked, all, not 'every'" in done.output
    assert "a.md:3: page-coverage: " in done.output


def test_a_claim_of_another_page_is_shown_with_its_verdict(workshop, caplog) -> None:
    """By itself as a display formula, in a sentence as one of it; a name that is none is said."""
    made = site(
        workshop,
        a=f"# A\n\n{SETUP}\n<!-- claim: jacobian -->\n\\begin{{align}}\n{JACOBIAN}\n"
        "\\end{align}\n",
        b="# B\n\n[[claim:a.md#jacobian]]\n\nAs [[claim:a.md#jacobian]] says, `[[claim:x]]`.\n",
    )
    assert made.exit_code == 0, made.output
    html = page(workshop, "b")
    assert html.count("<math") == 2
    assert html.count('href="../a/#verdict-jacobian"') == 2
    assert "(1)" not in re.sub(r"<[^>]*>", "", html)
    assert "<code>[[claim:x]]</code>" in html
    assert "preload" in html
    made = site(workshop, b="# B\n\n[[claim:a.md#jacobi]]\n")
    assert made.exit_code == 1
    assert "docs/b.md:3: [[claim:a.md#jacobi]]: no claim 'jacobi'" in caplog.text
    assert "did you mean 'jacobian'?" in caplog.text


def test_a_badge_beside_an_untested_formula_is_warned_of(workshop) -> None:
    """A reader takes it for tested; a claim, or a word that it is skipped, says what it is."""
    formula = f"$$ {JACOBIAN} $$\n"
    text = (
        f'# A\n\n{SETUP}\n```math claim="j"\n{JACOBIAN}\n```\n\nIt is [[verdict:j]]:\n\n{formula}'
    )
    workshop.write("a.md", text.encode())
    done = handout("check", "a.md")
    assert done.exit_code == 1
    assert "a.md:16: a badge stands beside this formula, which is not tested" in done.output
    for comment in ("<!-- claim: b -->", "<!-- claim: skip -->"):
        workshop.write("a.md", text.replace(formula, f"{comment}\n{formula}").encode())
        assert handout("check", "a.md").exit_code == 0
    workshop.write("a.md", text.replace(formula, f"Another matter.\n\n{formula}").encode())
    assert handout("check", "a.md").exit_code == 0


def test_one_cell_that_fails_is_one_message(workshop) -> None:
    """Claims that miss its names are counted with it; they are errors all the same."""
    claims = "".join(f"\n<!-- claim: c{k} -->\n$$ {JACOBIAN} $$\n" for k in range(3))
    workshop.write("a.md", f"{SETUP.replace('Softmax', 'Softmac')}{claims}".encode())
    done = handout("check", "a.md")
    assert done.exit_code == 1
    said = [line for line in done.output.splitlines() if line.startswith("a.md:")]
    assert len(said) == 1, done.output
    assert said[0].startswith("a.md:2: cell-1: error, verified was expected: ImportError")
    assert said[0].endswith("(3 verdicts below fail for it) [H301]")
    assert "4 error" in done.output


def test_a_declaration_that_fails_is_one_message(workshop) -> None:
    """So is what is defined by its names; a name that it does not have is a problem of its own."""
    workshop.write(
        "a.md",
        b"<!-- let -->\n$$ x \\in \\mathbb{Q}^n $$\n\n<!-- define -->\n$$ \\hat{z} = 2 x $$\n\n"
        b"<!-- claim: c -->\n$$ \\hat{z} = x + x $$\n\n<!-- claim: d -->\n$$ w = w $$\n",
    )
    done = handout("check", "a.md", "--json", "-")
    said = [line for line in done.output.splitlines() if line.startswith("a.md:")]
    assert len(said) == 2, done.output
    assert said[0].endswith("(2 verdicts below fail for it) [H416]")
    assert said[1].startswith("a.md:11: d: error, verified was expected: w is not bound")
    assert "z_hat is not bound on this page, since let-1 (line 1) failed" in done.output


def test_claims_in_the_text_of_a_notebook(workshop) -> None:
    """Jupyter goes on to set the formula; the site shows it once, with its verdict."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_markdown_cell("# Soft max"),
        nbformat.v4.new_code_cell(SETUP.partition("\n")[2].replace("```\n", "")),
        nbformat.v4.new_markdown_cell(
            f"Text\n<!-- claim: j -->\n$$ {JACOBIAN} $$\n\n$$ y + 1 = 1 $$"
        ),
        nbformat.v4.new_markdown_cell(f"$$ {VJP} $$"),
    ]
    notebook.metadata["handout"] = {"claims": "all"}
    workshop.write("docs/n.ipynb", nbformat.writes(notebook).encode())
    made = site(workshop, notebooks=", {mkdocs-jupyter: {execute: false}}")
    assert made.exit_code == 0, made.output
    html = page(workshop, "n")
    for claim in ("j", "soft-max-2"):
        assert html.count(f'id="verdict-{claim}"') == 1
    assert "$$" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert "2 of 3 formulas tested." in html
    copy = (workshop.root / "site/n/n.ipynb").read_text()
    assert "<!-- claim: j -->" in copy
    text = (workshop.root / "docs/n.ipynb").read_text().split("\n")
    verdicts = json.loads((workshop.root / "site/verdicts.json").read_text())["verdicts"]
    (claim,) = (v for v in verdicts if v["id"] == "j")
    assert "claim: j" in text[claim["line"] - 1]


def test_verdicts_json_tells_the_coverage(workshop) -> None:
    """At the end of the file: how many formulas are tested, and which pages are below the least."""
    site(workshop, "coverage: 90", a=f"# A\n\n{SETUP}\n$$ y = 1 $$\n\n$$ {JACOBIAN} $$\n")
    found = json.loads((workshop.root / "site/verdicts.json").read_text())
    assert list(found)[-1] == "coverage"
    assert found["coverage"] == {"tested": 0, "untested": 2, "bound": 0, "below": ["a.md"]}


def test_a_page_without_python(workshop) -> None:
    """Names are declared and defined in LaTeX; a definition says so, and is no claim."""
    text = (
        "# A\n\n<!-- let: f : \\mathbb{R}^m \\to \\mathbb{R} -->\n\n<!-- let -->\n"
        "$$ x \\in \\mathbb{R}^n, \\quad W \\in \\mathbb{R}^{m \\times n} $$\n\n"
        "```math define\nz = W x, \\quad l = f(z)\n```\n\n"
        "<!-- claim: right -->\n$$ \\nabla_x l = W^\\top \\nabla_z l $$\n\n"
        '<!-- claim: wrong expect="refuted" -->\n$$ \\nabla_x l = 2 W^\\top \\nabla_z l $$\n'
    )
    assert site(workshop, a=text).exit_code == 0
    html = page(workshop, "a")
    assert "defines <code>z</code>, <code>l</code>" in html
    assert html.count('<span class="math-display">') == 4
    assert "2 claims tested at this build: 1 verified, 1 wrong as expected. 2 of 2" in html
    whole = text.replace("```math define\n", "$$\n").replace("\n```\n", "\n$$\n")
    assert site(workshop, a=f"---\nclaims: all\n---\n{whole}").exit_code == 0
    assert "defines <code>z</code>, <code>l</code>" in page(workshop, "a")
    broken = text.replace("\\quad l = f(z)", "\\quad l = g(z)")
    workshop.write("a.md", broken.encode())
    done = handout("check", "a.md")
    assert done.exit_code == 1
    assert "a.md:9: define-8: error, verified was expected: " in done.output


def test_a_table_of_some_pages(workshop, caplog: pytest.LogCaptureFixture) -> None:
    """The verdicts of the pages whose names fit, under the titles of the pages."""
    text = f'# Soft\n\n{SETUP}\n```math claim="one"\n{JACOBIAN}\n```\n'
    table = "# All\n\n[[verdicts:b*]]\n\n[[verdicts:none/*]]\n"
    site(workshop, a=text, b=text.replace("one", "two"), c=table)
    assert "docs/c.md:5: [[verdicts:none/*]]: no page fits 'none/*'" in caplog.text
    html = page(workshop, "c")
    assert "../b/#verdict-two" in html
    assert "verdict-one" not in html
    assert ">Soft</option>" in html
