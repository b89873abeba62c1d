"""Verdicts as badges, cards and a table: right words, working links, and every string escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from handout.judge.formulas import Coverage, Formula
from handout.page.options import STATUSES
from handout.render.badge import anchor, badge, count, status_svg
from handout.render.cards import SIDES, card, cards, counterexample
from handout.render.head import page_head, under_title, without_empty_headers
from handout.render.numerals import plain, scientific
from handout.render.outputs import output
from handout.render.table import table

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&lt;"


class Reader(HTMLParser):
    """Collects elements, attributes and text of HTML, and whether its tags nest."""

    VOID = frozenset(("br", "img", "path", "circle", "line", "rect", "polyline", "hr", "input"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.elements if name in attributes]


def verdict(**changed: Any) -> dict[str, Any]:
    """A verified step of an equation, but for what is changed."""
    return {
        "id": "softmax-jacobian", "step": 1, "page": "ps1/problem-2.md", "line": 57,
        "kind": "equation", "status": "verified", "expected": "verified", "ok": True,
        "max_rel_error": 7.2e-16, "points": 20, "seed": 0, "oracle": "complex-step",
        "reading": "D[P_i, x_j] = P_i*(delta_ij - P_j)", "counterexample": None,
        "corruptions": {"tried": 25, "refuted": 18, "rejected": 7, "unnoticed": 0},
        "repair": None, "message": "",
        "details": {"tolerance": 1e-9, "reading_latex": r"P_i = \delta_{ij}", "notes": ["a note"]},
    } | changed  # fmt: skip


REFUTED = verdict(
    status="refuted",
    expected="refuted",
    max_rel_error=0.31,
    counterexample={
        "point": {"x": [0.5, -1.25], "W": [[0.0] * 10] * 10},
        "index": {"i": 0, "j": 1},
        "left": 0.25,
        "right": -3e-9,
    },
    corruptions=None,
    repair="holds if the factor ∂l/∂u is dropped",
    quoted="posted",
)


def test_card_says_what_matters_and_folds_the_rest() -> None:
    """First what a student needs, under the anchor; how it was tested is folded below."""
    page = Reader(card([verdict()]))
    summary, _, folded = page.text.partition("How it was tested")
    for words in (
        "Verified",
        "softmax-jacobian",
        "largest relative error 7.2",
        "Both sides agree at 20 random points",
        "Of 18 changes of a single symbol the test noticed every one.",
    ):
        assert words in summary
    for words in (
        r"P_i = \delta_{ij}",
        "at 20 random points (seed 0)",
        "complex step",
        "a note",
        "ps1/problem-2.md:57",
        "NumPy",
    ):
        assert words in folded
    assert page.elements[0][0] == "details"
    assert ("div", {"id": "verdict-softmax-jacobian"}) in page.elements
    assert "verdict-brief" in str(page.attributes("class")[0])  # a tick in the margin


def test_what_was_supposed_is_listed_and_escaped() -> None:
    """Each hypothesis is a formula of its own, below what was read."""
    shown = card([verdict(details={"hypotheses": [r"\lambda > 0", HOSTILE]})])
    read = Reader(shown)
    assert "For all" in read.text
    assert read.elements.count(("li", {})) == 2
    assert r"\lambda > 0" in read.text
    assert "<script" not in shown
    assert "For all" not in card([verdict()])


def test_what_a_test_did_not_notice_is_counted() -> None:
    """Changes of a symbol that make no sense are not counted among those that were tried."""
    corruptions = {"tried": 25, "refuted": 17, "rejected": 7, "unnoticed": 1}
    text = Reader(card([verdict(corruptions=corruptions)])).text
    assert "Of 18 changes of a single symbol the test noticed 17." in text


def test_code_that_ran_as_expected_says_why_it_has_a_card() -> None:
    """A bare "verified" under a traceback would puzzle."""
    code = verdict(kind="code", oracle=None, max_rel_error=None, corruptions=None, reading=None)
    note = "Not reproducible: the cell read the clock."
    raised = Reader(card([{**code, "details": {"raised": "TypeError", "notes": [note]}}])).text
    assert raised.startswith("Wrong as expected")
    assert "raises TypeError\u00a0· not reproducible: the cell read the clock" in raised
    assert "Wrong" not in Reader(card([{**code, "details": {}}])).text


def test_one_point_is_no_plural() -> None:
    """A check at a single point says so, in the summary and inside."""
    text = Reader(card([verdict(points=1)])).text
    assert "1 point " not in text
    assert "at 1 random point;" in text
    assert "at 1 random point (seed" in text
    assert "points" not in text


def test_a_claim_without_derivatives_names_no_way_to_take_them() -> None:
    """Both sides were evaluated, and that is all."""
    assert "numeric derivatives by complex step" in Reader(card([verdict()])).text
    assert "numeric derivatives" not in Reader(card([verdict(oracle="evaluation")])).text


def test_card_shows_the_counterexample() -> None:
    """A refutation's card holds the index, both sides and the point, large arrays in short."""
    text = Reader(card([REFUTED])).text
    assert "i = 0, j = 1" in text
    assert "left side0.25" in text
    assert "right side−3\u202f×\u202f10−9" in text
    assert "x[0.5, −1.25]" in text
    assert "array of 10 × 10 = 100 numbers" in text
    assert "holds if the factor ∂l/∂u is dropped" in text
    assert "0.25 ≠ −3\u202f×\u202f10−9 at i = 0, j = 1 (counted from 0)" in text


def test_factors_are_set_as_the_formula_sets_them() -> None:
    """And said in words, since no reader of tables takes a formula for the head of a row."""
    symbols = {"D[l, x_i]": r"\frac{\partial l}{\partial x_i}", "P_i": "P_i"}
    sides = {"left": 1, "right": 2}
    found = sides | {"factors": {"D[l, x_i]": 3, "P_i": 4}, "point": {"x": 5, "w 1": 6}}
    html = counterexample(found, SIDES, symbols, lambda latex: f"<math>{latex}</math>")
    said = '(?:<span class="for-the-ear">(.*?)</span>)?'
    heads = re.findall(f'<th scope="row">{said}(.*?)</th>', html)
    assert [(label, re.sub("</?(?:span|math)[^>]*>", "", head)) for label, head in heads[2:]] == [
        ("∂l/∂x_i", r"\frac{\partial l}{\partial x_i}"),
        ("P_i", "P_i"),
        ("x", "x"),
        ("", "w 1"),
    ]


def test_card_shows_what_was_posted_beside_what_holds() -> None:
    """Where a small change would mend a step, both stand side by side, with the reason once."""
    details = {"lhs": "a", "rhs": "2b", "mended_lhs": "a", "mended_rhs": "b", "sign": "="}
    text = Reader(card([verdict(**REFUTED | {"details": details})])).text
    assert "As posteda = 2bCorrecteda = bIt holds if the factor ∂l/∂u is dropped." in text
    mine = verdict(**REFUTED | {"details": details, "expected": "", "ok": True})
    assert "As writtena = 2b" in Reader(card([mine])).text


@pytest.mark.parametrize("status", STATUSES)
def test_status_shows_as_word_icon_and_class(status: str) -> None:
    """Colour is never alone: the word stands in badge and card, and each icon is another one."""
    icons = set()
    for one in STATUSES:
        html = badge(verdict(status=one, expected=""))
        icons.add(html[html.index("<svg") : html.index("</svg>")])
        assert one in Reader(html).text
    assert len(icons) == len(STATUSES)
    shown = "wrong" if status == "refuted" else status
    assert f"verdict-{shown}" in card([verdict(status=status, expected=status)])


def test_unexpected_verdict_says_what_was_expected() -> None:
    """A verdict that fails the build says so in words; a mistake that is quoted is none."""
    html = card([verdict(status="verified", expected="refuted", ok=False)])
    assert "Verified, but refuted was expected" in html
    assert "unexpected" in html
    assert "verdict-brief" not in html
    assert "Wrong as posted" in card([REFUTED])
    assert "Wrong as expected" in card([verdict(**REFUTED | {"quoted": None})])
    assert "Refuted" in card([verdict(**REFUTED | {"expected": "", "ok": True})])  # a reader's own
    error = verdict(status="error", expected="error")
    assert "Cannot be tested, as expected" in card([error])


def test_formulas_of_a_card_are_set_where_something_can_set_them() -> None:
    """The reading is HTML from the given function, or its source: without one, or if that fails."""

    def refuses(latex: str) -> str:
        raise ValueError(latex)

    assert "<math>x</math>" in card([verdict()], typeset=lambda latex: "<math>x</math>")
    for html in (card([verdict()]), card([verdict()], typeset=refuses)):
        assert r"<code>P_i = \delta_{ij}</code>" in html


def test_error_card_leads_with_its_message() -> None:
    """An error's summary is the first line of its message; the whole message is inside."""
    broken = verdict(
        status="error", expected="verified", ok=False, max_rel_error=None, points=None,
        seed=None, oracle=None, reading=None, corruptions=None, details={},
        message="unknown symbol `q`\n  q + 1\n  ^",
    )  # fmt: skip
    text = Reader(card([broken])).text
    assert text.count("unknown symbol `q`") == 2
    assert "  q + 1\n  ^" in text


def test_badge_of_a_chain_speaks_for_its_worst_step() -> None:
    """A claim with a refuted step is refuted, and its badge leads to that step's card."""
    steps = [verdict(step=1), verdict(**REFUTED | {"step": 2}), verdict(step=3)]
    html = badge(*steps, page="../problem-2/")
    assert "wrong as posted" in Reader(html).text
    assert 'href="../problem-2/#verdict-softmax-jacobian.2"' in html
    assert f'id="{anchor(steps[1])}"' in cards(steps)


def test_unexpected_step_outweighs_a_worse_status() -> None:
    """A step that is not as expected decides, even beside a refutation that was expected."""
    steps = [verdict(**REFUTED), verdict(step=2, expected="refuted", ok=False)]
    assert "verified, but refuted was expected" in badge(*steps)


def test_a_chain_has_one_card() -> None:
    """The steps of a claim share a card, which opens with the one that decides."""
    fails = verdict(**REFUTED | {"step": 2})
    page = Reader(cards([verdict(step=1), fails, verdict(id="other")]))
    tags = [tag for tag, _ in page.elements]
    assert tags.count("li") == 2
    assert "step 2 of 2" in page.text.partition("Step 1: verified")[0]
    assert "Step 2: wrong as posted" in page.text
    assert page.text.count("Step ") == 2
    ids = page.attributes("id")
    assert ids == [
        "verdict-softmax-jacobian", "verdict-softmax-jacobian.2", "verdict-other",
    ]  # fmt: skip


@pytest.mark.parametrize("given", [verdict(), REFUTED], ids=["verified", "refuted"])
def test_every_string_is_escaped(given: dict[str, Any]) -> None:
    """Hostile text in any field shows as text: no element and no handler comes of it."""
    keys = ("id", "page", "oracle", "reading", "repair", "message", "kind", "points", "line")
    for key in keys:
        hostile = dict(given, **{key: HOSTILE})
        for html in (
            card([hostile]),
            cards([hostile]),
            badge(hostile),
            table([hostile], lambda page: page),
            page_head([hostile], Coverage(())),
        ):
            page = Reader(html)
            assert not {"script", "img"} & {tag for tag, _ in page.elements}
            assert not any(name.startswith("on") for _, at in page.elements for name in at)
    for key in ("counterexample", "details"):
        page = Reader(card([dict(given, **{key: _shape_kept(given[key])})]))
        assert not {"script", "img"} & {tag for tag, _ in page.elements}


def _shape_kept(facts: Any) -> Any:
    """Hostile texts, and hostile names where names are free, as in a point."""
    if not isinstance(facts, dict):
        return facts
    kept = {}
    for key, value in facts.items():
        if key in ("point", "index"):
            kept[key] = {HOSTILE: HOSTILE}
        elif key == "notes":
            kept[key] = [HOSTILE]
        else:
            kept[key] = HOSTILE if isinstance(value, (str, float, int)) else value
    return kept


def test_output_is_text() -> None:
    """What a cell prints is shown as printed: markup as text, terminal colours as classes."""
    html = output({"outputs": [{"text": f"\x1b[31mred\x1b[0m {HOSTILE}\n"}], "error": None})
    page = Reader(html)
    assert "red " + HOSTILE in page.text
    assert {tag for tag, _ in page.elements} == {"div", "pre", "span"}


def test_output_shows_a_traceback_and_a_cut() -> None:
    """A cell that fails shows its traceback; cut output says that it is cut."""
    error = {"message": "ZeroDivisionError", "traceback": "Traceback <module>"}
    text = Reader(output({"outputs": [{"text": "a"}], "truncated": True, "error": error})).text
    assert "the rest of the output is not shown" in text
    assert "Traceback <module>" in text
    assert output({"outputs": [], "error": None}) == ""


def test_table_carries_what_its_filter_needs() -> None:
    """Each row names page, kind and status, and links to the card on its page."""
    html = table([verdict(), verdict(**REFUTED | {"step": 2})], lambda page: "../p/")
    page = Reader(html)
    assert page.attributes("data-status") == ["verified", "wrong as posted"]
    assert page.attributes("data-kind") == ["equation", "equation"]
    assert page.attributes("data-page") == ["ps1/problem-2.md"] * 2
    assert "../p/#verdict-softmax-jacobian.2" in page.attributes("href")
    assert "2 claims: 1 verified, 1 wrong as posted." in page.text
    choices = [at["value"] for tag, at in page.elements if tag == "option"]
    assert choices == ["", "ps1/problem-2.md", "", "equation", "", "verified", "wrong as posted"]


def test_table_tells_code_from_claims() -> None:
    """Code that ran is no claim; a page has its title where that is known."""
    code = verdict(kind="code", max_rel_error=None)
    page = Reader(table([verdict(), code], lambda page: "../p/", lambda page: HOSTILE))
    assert "1 claim: 1 verified. 1 cell of code ran." in page.text
    assert page.attributes("data-status") == ["verified", "ran"]
    assert HOSTILE in page.text


def test_empty_corner_of_a_table_is_no_header() -> None:
    """A screen reader announces a header for every cell: one without words is none."""
    html = '<tr><th></th><th style="text-align: right;"> </th><th>a</th></tr>'
    cells = '<tr><td></td><td style="text-align: right;"></td><th>a</th></tr>'
    assert without_empty_headers(html) == cells


def test_counts_in_words() -> None:
    """A count tells quoted mistakes from refutations that nobody expected."""
    unexpected = verdict(status="refuted", ok=False)
    assert count([verdict(), REFUTED]) == "1 verified, 1 wrong as posted"
    assert count([REFUTED, unexpected]) == "1 wrong as posted, 1 refuted"
    assert count([unexpected]) == "1 refuted"
    guess, printed = (verdict(**REFUTED | {"quoted": q}) for q in (None, "printed"))
    assert count([guess, printed, guess]) == "2 wrong as expected, 1 wrong as printed"
    broken = verdict(status="error", expected="error")
    assert count([broken]) == "1 error as expected"
    assert count([verdict(), broken, broken]) == "1 verified, 2 errors as expected"
    assert page_head([], Coverage(())) == ""


def test_count_stands_under_the_title() -> None:
    """The line of counts follows the first heading, or opens a page without one."""
    head = page_head([REFUTED], Coverage(()))
    assert head.startswith('<p class="verdict-count ')
    assert under_title("<h1>T</h1><p>x</p>", head) == f"<h1>T</h1>{head}<p>x</p>"
    assert under_title("<p>x</p>", head) == f"{head}<p>x</p>"


def test_head_counts_claims_code_and_formulas_apart() -> None:
    """Code that ran is no claim; a formula that is not tested is listed with its reason."""
    code = verdict(kind="code", max_rel_error=None)
    formulas = Coverage(
        (
            Formula(3, "a = b", "tested", "a"),
            Formula(5, "c < d", "untested", "", HOSTILE),
            Formula(7, "z = Wx", "definition"),
        )
    )
    page = Reader(page_head([verdict(), REFUTED, code, code], formulas))
    assert "2 claims tested at this build: 1 verified, 1 wrong as posted." in page.text
    assert "2 cells of code ran, as expected. 1 of 2 formulas tested." in page.text
    assert f"line 5: c < d {HOSTILE}" in page.text
    assert "1 formula not tested, and why" in page.text
    only = Reader(page_head([], Coverage(formulas.formulas[1:2]))).text
    assert "0 of 1 formula tested." in only
    assert page_head([], Coverage(formulas.formulas[2:])) == ""


def test_status_badge_is_an_svg_of_its_own() -> None:
    """The README's badge is well-formed, needs nothing else, and turns red when it should."""
    good, bad = status_svg([verdict()]), status_svg([verdict(ok=False)])
    for svg in (good, bad):
        assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
        assert "href" not in svg
        assert "<script" not in svg
    assert "1 claim as expected" in good
    assert "1 unexpected" in bad
    assert good != bad


@pytest.mark.parametrize(
    ("value", "html"),
    [
        (7.2e-16, "7.2&#x202F;×&#x202F;10<sup>−16</sup>"),
        (0.31, "0.31"),
        (0.0, "0"),
        ("nan", "nan"),
        (float("inf"), "inf"),
        (123456.0, "1.2&#x202F;×&#x202F;10<sup>5</sup>"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_magnitudes(value: Any, html: str) -> None:
    """Small and large magnitudes are powers of ten; what is no number is escaped text."""
    assert scientific(value) == html


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.123456789, "−0.123457"),
        ([[1, 2], [3, 4]], "[[1, 2], [3, 4]]"),
        ([0.0] * 25, "array of 25 numbers"),
        ("<i>", "&lt;i&gt;"),
        (["nan", True], "[nan, True]"),
    ],
)
def test_values_of_a_point(value: Any, text: str) -> None:
    """Numbers have six digits; long arrays are named by shape."""
    assert plain(value) == text
