"""A whole site: what stands on its pages, in its files, in its messages and in its exit status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html import unescape
from xml.etree import ElementTree

import nbformat
import pytest

from handout.settings import SettingsError, read_settings

CONFIGURATION = """\
site_name: Test
theme: {{name: {theme}}}
plugins: [{plugins}]
markdown_extensions:
  [admonition, pymdownx.superfences, {{pymdownx.tabbed: {{alternate_style: true}}}}]
{more}
"""
SOFTMAX = """\
---
title: Softmax
---

# Softmax

```python exec="on"
from edf import AnyFunction, Input, Node, Softmax, check_gradients
import numpy as np

x = Input(shape=(4,))
P = Softmax(x)
l = AnyFunction()(P)
print("a <b>bold</b> word")
check_gradients(l, id="right")
```

```math claim="jacobian"
\\frac{\\partial P_i}{\\partial x_j} = P_i(\\delta_{ij} - P_j)
```

```math claim="diagonal" expect="refuted"
\\frac{\\partial P_i}{\\partial x_j} = P_i(1 - P_j)
```

As [[verdict:jacobian]] says, and `[[verdict:jacobian]]` in code does not.

!!! note

    ```python exec="on" id="wrong" expect="raises ZeroDivisionError"
    1 / 0
    ```
"""


def configure(workshop, plugins: str = "handout", theme: str = "mkdocs", more: str = "") -> None:
    text = CONFIGURATION.format(plugins=plugins, theme=theme, more=more)
    workshop.write("mkdocs.yml", text)
    if not (workshop.root / "docs/index.md").exists():
        workshop.write("docs/index.md", "# Index\n\n[[verdicts]]\n")


def command(workshop, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command line in the project; `handout` and `mkdocs` are those of this environment."""
    program = (
        "from handout.cli import main"
        if words[0] == "handout"
        else ("from mkdocs.__main__ import cli as main")
    )
    return subprocess.run(
        [sys.executable, "-c", f"{program}; main()", *words[1:]],
        cwd=workshop.root,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )


def verdicts(workshop, file: str = "site/verdicts.json") -> list[dict]:
    return json.loads((workshop.root / file).read_text())["verdicts"]


@pytest.fixture
def softmax(workshop):
    """A project with a page of right, wrong and refuted claims, all as expected."""
    configure(workshop)
    workshop.write("docs/softmax.md", SOFTMAX)
    return workshop


def test_a_site_shows_outputs_cards_badges_and_the_table(softmax) -> None:
    """Everything is there, escaped, and no token or link is left."""
    done = command(softmax, "handout", "build", "--strict")
    assert done.returncode == 0, done.stderr
    page = (softmax.root / "site/softmax/index.html").read_text()
    assert "a &lt;b&gt;bold&lt;/b&gt; word" in page
    assert "<b>bold</b>" not in page
    for claim in ("right", "jacobian", "diagonal", "wrong"):
        assert page.count(f'id="verdict-{claim}"') == 1
    assert 'href="#verdict-jacobian"' in page
    assert "<code>[[verdict:jacobian]]</code>" in page
    assert not re.search(r"handout-[0-9a-f]{16}-", page)
    assert "ZeroDivisionError" in page
    index = (softmax.root / "site/index.html").read_text()
    assert 'href="softmax/#verdict-diagonal"' in index
    assert "[[" not in index


FORMULAS = r"""# Formulas

Equation [[eq:reals]] is below.

```math
\begin{equation} x \in \R \label{reals} \end{equation}
```

By [[eq:reals]].
"""


def test_formulas_share_macros_and_numbers(workshop) -> None:
    """A macro of the configuration, and a number that is referred to before and after it."""
    configure(workshop, r"handout: {macros: {R: '\mathbb{R}'}}")
    workshop.write("docs/formulas.md", FORMULAS)
    done = command(workshop, "handout", "build", "--strict")
    assert done.returncode == 0, done.stderr
    page = (workshop.root / "site/formulas/index.html").read_text()
    assert "<mi>ℝ</mi>" in page
    assert 'href="../assets/handout/stix-two-math.woff2" as="font"' in page
    assert "stix-two-math" not in (workshop.root / "site/index.html").read_text(), "in vain"
    target = re.search(r'<a href="#([^"]+)">\(1\)</a>', page)
    assert target is not None
    assert page.count(f'href="#{target[1]}"') == 2
    assert page.count(f'id="{target[1]}"') == 1


def test_bad_formulas_fail_the_build_where_they_stand(workshop) -> None:
    """Each with page and line, all of them at once."""
    configure(workshop, r"handout: {macros: {R: '\mathbb{R}'}}")
    bad = FORMULAS.replace(r"x \in \R", "x\n" + r"\inn \R") + "\nSee [[eq:complex]].\n"
    workshop.write("docs/formulas.md", bad)
    done = command(workshop, "handout", "build", "--strict")
    assert done.returncode == 1
    assert 'docs/formulas.md:7: Unknown command "\\inn"' in done.stderr
    assert "docs/formulas.md:12: No equation on this page has \\label{complex}" in done.stderr


def test_table_has_the_order_of_the_navigation(workshop) -> None:
    """The table of verdicts begins with what readers come to first, not with a file's name."""
    configure(workshop, more="nav: [index.md, second.md, first.md]")
    for name in ("first", "second"):
        workshop.write(f"docs/{name}.md", f'```python exec="on" id="{name}"\nx = 1\n```\n')
    assert command(workshop, "handout", "build", "--strict").returncode == 0
    index = (workshop.root / "site/index.html").read_text()
    assert index.index('data-page="second.md"') < index.index('data-page="first.md"')
    assert [v["id"] for v in verdicts(workshop)] == ["first", "second"]


def test_verdicts_are_written_as_promised(softmax) -> None:
    """Schema, order of keys, lines, statuses, summary."""
    assert command(softmax, "handout", "build").returncode == 0
    document = json.loads((softmax.root / "site/verdicts.json").read_text())
    assert list(document) == [
        "schema",
        "tool",
        "python",
        "numpy",
        "summary",
        "verdicts",
        "coverage",
    ]
    assert document["summary"] == {
        "verified": 4, "refuted": 1, "inconclusive": 0, "error": 0, "unexpected": 0,
    }  # fmt: skip
    assert list(document["verdicts"][0]) == [
        "id", "step", "page", "line", "kind", "status", "expected", "ok", "max_rel_error", "points",
        "seed", "oracle", "reading", "counterexample", "corruptions", "repair", "message", "code",
        "quoted",
    ]  # fmt: skip
    assert [(v["id"], v["page"], v["line"], v["kind"], v["status"]) for v in verdicts(softmax)] == [
        ("cell-1", "softmax.md", 7, "code", "verified"),
        ("right", "softmax.md", 15, "gradient", "verified"),
        ("jacobian", "softmax.md", 18, "equation", "verified"),
        ("diagonal", "softmax.md", 22, "equation", "refuted"),
        ("wrong", "softmax.md", 30, "code", "verified"),
    ]


def test_every_command_agrees(softmax) -> None:
    """check, build, mkdocs build, serial and parallel, cold and cached: the same bytes."""
    for number in range(2):
        softmax.write(f"docs/more-{number}.md", SOFTMAX)
    written = {}
    pages = ["softmax.md", *(f"more-{n}.md" for n in range(2))]
    for name, words in {
        "cold": ("mkdocs", "build"),
        "cached": ("mkdocs", "build", "--strict"),
        "build": ("handout", "build", "--strict"),
    }.items():
        assert command(softmax, *words).returncode == 0
        written[name] = (softmax.root / "site/verdicts.json").read_bytes()
    assert len(set(written.values())) == 1

    checked = []
    for jobs in ("1", "2"):
        command(softmax, "handout", "cache", "--clear")
        words = ["handout", "check", *(f"docs/{p}" for p in sorted(pages)), "--json", "v.json"]
        assert command(softmax, *words, "--jobs", jobs).returncode == 0
        checked.append((softmax.root / "v.json").read_bytes())
    assert checked[0] == checked[1]
    assert checked[0].replace(b'"docs/', b'"') == written["cold"]


PROBLEMS = {  # what is changed on the page, and the message
    "factor": (
        ("P_i(\\delta", "2 P_i(\\delta"),
        "18: jacobian: refuted, verified was expected",
    ),
    "expectation": ((' expect="refuted"', ""), "22: diagonal: refuted, verified was expected"),
    "unknown-name": (("P_i(1 - P_j)", "P_i(1 - Q_j)"), "23: diagonal: error, refuted was expected"),
    "no-error": (
        ("1 / 0", "1 / 2"),
        "30: wrong: error, verified was expected: "
        "ZeroDivisionError was expected, and the cell raised nothing",
    ),
    "taken-id": (('id="right"', 'id="jacobian"'), "the id 'jacobian' is taken by line 15"),
    "unknown-option": (
        (' id="wrong"', ' name="wrong"'),
        "30: cell-2: error, verified was expected: unknown option 'name'",
    ),
}
BADGES = {
    "docs/badge.md:7: [[verdict:jacobain]]: no claim 'jacobain' on docs/badge.md; "
    "did you mean 'here'?": "[[verdict:jacobain]]",
    "docs/badge.md:7: [[verdict:no.md#a]]: there is no page 'no.md'": "[[verdict:no.md#a]]",
}


def test_a_problem_fails_every_build_and_names_page_and_line(workshop) -> None:
    """All are told, not the first; by the host's strict build, by check, and by ours."""
    configure(workshop)
    for name, ((before, after), _) in PROBLEMS.items():
        assert SOFTMAX.count(before) == 1
        workshop.write(f"docs/{name}.md", SOFTMAX.replace(before, after))
    pages = [f"docs/{name}.md" for name in PROBLEMS]
    for words in (
        ("mkdocs", "build", "--strict"),
        ("handout", "check", *pages),
        ("handout", "build"),
    ):
        done = command(workshop, *words)
        assert done.returncode == 1
        told = (done.stdout + done.stderr).split("\n")
        for name, (_, message) in PROBLEMS.items():
            assert any(f"docs/{name}.md:" in line and message in line for line in told)


def test_a_badge_of_nothing_fails_the_strict_build(workshop) -> None:
    """The message names its line and what was probably meant."""
    configure(workshop)
    badges = " ".join(BADGES.values())
    workshop.write("docs/badge.md", f'# B\n\n```python exec="on" id="here"\n1\n```\n\n{badges}\n')
    done = command(workshop, "mkdocs", "build", "--strict")
    assert done.returncode == 1
    assert all(message.split("; did")[0] in done.stderr for message in BADGES)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"tiemout": 3}, "unknown option 'tiemout'; did you mean 'timeout'?"),
        ({"timeout": 0}, "option 'timeout' must be a number of seconds above 0, not 0"),
        ({"jobs": "two"}, "option 'jobs' must be a whole number from 0, not 'two'"),
        ({"memory": 1}, "option 'memory' must be a whole number from 128, not 1"),
        ({"files": 3}, "option 'files' must be a whole number from 16, not 3"),
        ({"memory": True}, "option 'memory' must be a whole number from 128"),
        ({"macros": ["a"]}, "option 'macros' must be a mapping"),
        ({"cache": ""}, "option 'cache' must be a folder"),
    ],
)
def test_a_wrong_option_is_refused(option: dict, message: str) -> None:
    """With its name, what it must be, and what was probably meant."""
    with pytest.raises(SettingsError, match=re.escape(message)):
        read_settings(option)


def test_a_wrong_option_is_a_usage_error(workshop) -> None:
    """For the host and for our commands alike."""
    configure(workshop, "{handout: {tiemout: 3}}")
    message = "unknown option 'tiemout'; did you mean 'timeout'?"
    for words, status in {
        ("mkdocs", "build"): 1,
        ("handout", "check", "docs/index.md"): 2,
        ("handout", "build"): 2,
    }.items():
        done = command(workshop, *words)
        assert (done.returncode, message in done.stderr) == (status, True)


def test_a_page_that_cannot_be_read_stops_no_other(softmax) -> None:
    """Invalid UTF-8, and links in circles: told on the page, in a message, in the status."""
    softmax.write("docs/bad.md", b"# Title\n\nnot \xff text\n")
    (softmax.root / "docs/self.md").symlink_to("self.md")
    (softmax.root / "docs/loop").symlink_to(".")
    done = command(softmax, "handout", "build")
    assert done.returncode == 1
    assert "docs/bad.md:3: page: error, verified was expected: not UTF-8" in done.stderr
    assert "docs/self.md:1: page: error, verified was expected: cannot be read" in done.stderr
    assert "docs/loop: links to a folder that holds it; left out" in done.stderr
    assert "not UTF-8" in (softmax.root / "site/bad/index.html").read_text()
    assert (softmax.root / "site/softmax/index.html").exists()
    assert not (softmax.root / "site/loop").exists()
    assert command(softmax, "handout", "check", "docs/bad.md").returncode == 2


def test_a_cell_is_shown_as_its_options_say(workshop) -> None:
    """Code, output, both, the code folded, or none, with a title; in a tab, too."""
    configure(workshop)
    cell = '```python exec="on" show="{0}" title="T {0} &quot;"\nprint("out" + "put-{0}")\n```\n\n'
    tab = '=== "Tab"\n\n    ```python exec="on"\n    print("in" + "-tab")\n    ```\n'
    shown = ("both", "code", "output", "folded", "none")
    workshop.write("docs/index.md", "".join(map(cell.format, shown)) + tab)
    assert command(workshop, "handout", "build", "--strict").returncode == 0
    page = unescape(re.sub(r"<[^>]*>", "", (workshop.root / "site/index.html").read_text()))
    assert [f'"put-{name}")' in page for name in shown] == [True, True, False, True, False]
    assert [f"output-{name}" in page for name in shown] == [True, False, True, True, False]
    assert "in-tab" in page


def test_a_cache_that_cannot_be_written_fails_no_build(workshop) -> None:
    """Not even a strict one, nor that of a notebook; the build says so and goes on."""
    workshop.write("blocked", "a file where the cache's folder would be")
    configure(workshop, "mkdocs-jupyter, handout: {cache: blocked/cache}")
    workshop.write("docs/page.md", '# A\n\n```python exec="on"\n1 + 1\n```\n')
    cells = [nbformat.v4.new_markdown_cell("# B"), nbformat.v4.new_code_cell("6 * 7")]
    book = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    workshop.write("docs/book.ipynb", book.encode())
    done = command(workshop, "mkdocs", "build", "--strict")
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stderr
    done = command(workshop, "handout", "build", "--strict")  # which says no more than it must
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("cannot be written") == 1
    assert ">42</pre>" in (workshop.root / "site/book/index.html").read_text()


def test_what_a_cell_writes_stands_on_its_page(workshop) -> None:
    """A figure that the text includes is copied into the site, and made anew if it is gone."""
    configure(workshop)
    cell = (
        '```python exec="on"\nopen("fig.svg", "w").write("<svg/>");\n```\n\n![A figure](fig.svg)\n'
    )
    workshop.write("docs/page.md", f"# A\n\n{cell}")
    for _ in range(2):
        done = command(workshop, "handout", "build", "--strict")
        assert done.returncode == 0, done.stderr
        assert (workshop.root / "site/fig.svg").read_text() == "<svg/>"
        (workshop.root / "docs/fig.svg").unlink()


def test_reports_are_whole_whatever_a_message_holds(workshop) -> None:
    """Surrogates, null characters, escapes and quotes; also in the name of a page."""
    configure(workshop)
    said = r"\udcff \x00 \x1b[31m \x0c \u202e ]]> </script> \" \\ \ud83d\ude00 \U0001f600"
    cell = f"```python exec=\"on\"\nprint('{said}')\nraise ValueError('{said}')\n```\n"
    for name in ("a.md", os.fsdecode(b"b\xff.md")):
        workshop.write(f"docs/{name}", cell)
    names = [
        f"docs/{name}" for name in sorted(os.listdir(workshop.root / "docs")) if name[0] in "ab"
    ]
    files = ["--json", "v.json", "--junit", "v.xml", "--sarif", "v.sarif"]
    done = command(workshop, "handout", "check", *names, *files)
    assert done.returncode == 1, done.stderr
    listed = verdicts(workshop, "v.json")
    assert [v["page"] for v in listed] == ["docs/a.md", "docs/b\\udcff.md"]
    assert listed[0]["message"].startswith("ValueError: \\udcff ")
    assert listed[0]["message"].endswith("\U0001f600")
    assert len(ElementTree.parse(workshop.root / "v.xml").findall(".//testcase/*")) >= 2
    assert len(json.loads((workshop.root / "v.sarif").read_bytes())["runs"][0]["results"]) == 2
    done = command(workshop, "handout", "build")
    assert done.returncode == 1
    assert "docs/b\\udcff.md:1: the name of this file is not UTF-8" in done.stderr
    assert verdicts(workshop)[0]["message"] == listed[0]["message"]
    page = (workshop.root / "site/a/index.html").read_text("utf-8")
    assert "\\udcff" in page
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", page)


def test_a_page_that_reads_what_another_writes_is_a_problem(workshop) -> None:
    """In the site and on the command line; one that reads what it wrote itself is none."""
    configure(workshop)
    cell = '```python exec="on"\n{}\n```\n'.format
    workshop.write("docs/values.txt", "0")
    workshop.write(
        "docs/a.md", cell("open('values.txt', 'w').write('1')\nopen('values.txt').read()")
    )
    workshop.write("docs/b.md", cell("open('values.txt').read()"))
    said = "docs/b.md:1: reads docs/values.txt, which docs/a.md writes; pages run side by side"
    for words in (["handout", "check", "docs/a.md", "docs/b.md"], ["handout", "build"]):
        done = command(workshop, *words)
        assert done.returncode == 1
        assert said in done.stdout + done.stderr
    workshop.write("docs/b.md", cell("1"))
    assert command(workshop, "handout", "build").returncode == 0
