"""Live pages, with the real runtime in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from handout.live import editors, runtime

ROOT = Path(__file__).parents[2]
PAGE = "ps1/problem-2/"
CLAIM = "2-jacobian"
JACOBIAN = r"\frac{\partial P_i}{\partial x_j} = P_i(\delta_{ij} - P_j)"
SLOW = 120_000  # ms for the first answer, on a machine with other work

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def runtime_files() -> None:
    """The official files, which `make` fetches; without them nothing here can run."""
    cache = ROOT / ".cache" / "handout"
    missing = runtime.missing(runtime.folder(cache))
    if not editors.present(editors.folder(cache)):
        missing.append("the editors")
    if missing:
        message = f"live pages are untested: {', '.join(missing)} missing; run handout live fetch"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="module")
def visit(launched: Callable[[], Browser], served: str) -> Iterator[Page]:
    """One visit to Problem 2, for all the tests that only ask: the runtime is loaded once."""
    context = launched().new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: faults.extend(_elsewhere(request.url, served)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.goto(served + PAGE)
    yield page
    context.close()
    assert faults == []  # no script failed, and no other origin was asked for anything


def _elsewhere(url: str, served: str) -> list[str]:
    return [] if urlsplit(url).netloc in ("", urlsplit(served).netloc) else [url]


@pytest.fixture
def page(visit: Page) -> Iterator[Page]:
    """The visited page; afterwards every cell is the author's again, and closed."""
    yield visit
    for box in visit.locator(".live-panel:not([hidden])").all():
        box.get_by_role("button", name="Reset").click()
        expect(box.get_by_role("button", name="Stop")).to_be_hidden(timeout=SLOW)
        box.press("Escape")


def opened(page: Page, name: str, kind: str = "claim") -> Page:
    page.get_by_label(f"Change this {kind}: {name}", exact=True).click()
    return page


def field(page: Page, name: str, language: str = "LaTeX"):  # type: ignore[no-untyped-def]
    return page.get_by_label(f"{language} of {name}", exact=True)


def panel(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.get_by_role("group", name=f"Change {name}", exact=True)


class TestClaims:
    """A claim, changed by its reader."""

    def test_a_changed_sign_is_refuted_and_mended_again(self, page: Page) -> None:
        """With a counterexample; and it is no longer the author's claim until it is reset."""
        opened(page, CLAIM)
        field(page, CLAIM).fill(JACOBIAN.replace("-", "+"))
        refuted = panel(page, CLAIM).locator(".verdict-refuted")
        expect(refuted).to_be_visible(timeout=SLOW)
        expect(refuted.locator("strong").first).to_have_text("Refuted")
        refuted.locator("summary").first.click()
        expect(refuted.locator(".counterexample")).to_be_visible()
        box = page.locator(".live-cell", has=field(page, CLAIM))
        expect(box).to_have_class(re.compile("live-changed"))
        panel(page, CLAIM).get_by_role("button", name="Undo").click()
        expect(panel(page, CLAIM).locator(".live-state")).to_have_text("Verified", timeout=SLOW)
        expect(box).not_to_have_class(re.compile("live-changed"))

    def test_what_was_understood_is_set_from_the_tree(self, page: Page) -> None:
        """Typing sets the formula anew, as MathML."""
        opened(page, CLAIM)
        field(page, CLAIM).fill(r"P_i = P_i \cdot \frac{2}{2}")
        understood = panel(page, CLAIM).locator(".live-understood math mfrac")
        expect(understood).to_have_text("22", timeout=SLOW)

    def test_a_formula_that_is_not_understood_has_a_caret(self, page: Page) -> None:
        """The message of the build, in its place."""
        opened(page, CLAIM)
        field(page, CLAIM).fill(JACOBIAN.removesuffix(")"))
        said = panel(page, CLAIM).locator(".live-understood")
        expect(said).to_contain_text("never closed", timeout=SLOW)
        expect(said.locator("pre")).to_contain_text("^")

    @pytest.mark.parametrize(
        "typed",
        [
            "</script><img src=x onerror=alert(1)>",
            "(" * 10_000,
            "__import__('os').system('true') = 1",
            r"P_i = \href{javascript:alert(1)}{P_i}",
        ],
        ids=["markup", "brackets", "code", "link"],
    )
    def test_malice_is_an_error_and_no_more(self, page: Page, typed: str) -> None:
        """It is refused in words; nothing runs, nothing is set as markup, the page lives on."""
        opened(page, CLAIM)
        field(page, CLAIM).fill(typed)
        expect(panel(page, CLAIM).locator(".verdict-error")).to_be_visible(timeout=SLOW)
        assert panel(page, CLAIM).locator("img, a, script").count() == 0
        field(page, CLAIM).fill(JACOBIAN)
        expect(panel(page, CLAIM).locator(".live-state")).to_have_text("Verified", timeout=SLOW)

    def test_the_point_at_which_it_fails_can_be_moved(self, page: Page) -> None:
        """Both sides follow a slider, by keyboard; and the author's own mistake offers it."""
        opened(page, "2-posted")
        box = panel(page, "2-posted")
        box.get_by_text("Move the point at which it fails").click()
        slider = box.get_by_role("slider", name="x[0]")
        slider.focus(timeout=SLOW)
        sides = box.locator(".live-sides")
        before = sides.inner_text()
        page.keyboard.press("ArrowRight")
        expect(sides).not_to_have_text(before, use_inner_text=True, timeout=SLOW)
        expect(box.get_by_label("x[0], exactly")).to_have_value("1.1")
        box.get_by_role("button", name="Back to the counterexample").click()
        expect(sides).to_have_text(before, use_inner_text=True, timeout=SLOW)

    def test_visual_input_writes_latex(self, page: Page) -> None:
        """What is typed into MathLive is judged; the text field takes over again."""
        opened(page, CLAIM)
        box = panel(page, CLAIM)
        box.get_by_role("button", name="Visual input").click()
        formula = box.locator("math-field")
        expect(formula).to_be_focused(timeout=SLOW)
        page.keyboard.press("Control+A")
        for typed in ("P_i", "ArrowRight", "=2P_i"):  # an arrow leaves the subscript
            page.keyboard.press(typed) if typed == "ArrowRight" else page.keyboard.type(typed)
        expect(box.locator(".verdict-refuted")).to_be_visible(timeout=SLOW)
        box.get_by_role("button", name="Visual input").click()
        expect(formula).to_have_count(0)
        expect(field(page, CLAIM)).to_have_value(re.compile(r"P_\{?i\}? *= *2 *P_\{?i\}?"))

    def test_the_keyboard_is_enough(self, page: Page) -> None:
        """Open with Enter, type, judge with Ctrl+Enter, close with Escape; focus comes back."""
        button = page.get_by_label(f"Change this claim: {CLAIM}", exact=True)
        button.focus()
        page.keyboard.press("Enter")
        expect(field(page, CLAIM)).to_be_focused()
        expect(button).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("Control+A")
        page.keyboard.type("P_i = 2 P_i")
        page.keyboard.press("Control+Enter")
        expect(panel(page, CLAIM).locator(".verdict-refuted")).to_be_visible(timeout=SLOW)
        page.keyboard.press("Escape")
        expect(button).to_be_focused()
        expect(button).to_have_attribute("aria-expanded", "false")


class TestCells:
    """A cell, changed by its reader."""

    def run(self, page: Page, name: str, source: str) -> None:
        opened(page, name, "cell")
        expect(panel(page, name).locator(".cm-content")).to_be_visible(timeout=SLOW)
        field(page, name, "Python").fill(source)
        panel(page, name).get_by_role("button", name="Run").click()

    def test_a_changed_cell_judges_the_claims_below_again(self, page: Page) -> None:
        """With a wrong softmax, the definition below it no longer holds."""
        source = (
            "from edf import AnyFunction, Input, Softmax\n"
            "x = Input(shape=(4,))\nP = 2 * Softmax(x)\nl = AnyFunction()(P)\n"
        )
        self.run(page, "graph", source)
        again = page.locator(".live-again", has_text="Judged again")
        expect(again.locator(".verdict-refuted").first).to_be_visible(timeout=SLOW)
        expect(page.locator(".live-stale").first).to_be_visible()

    def test_what_a_cell_prints_is_text(self, page: Page) -> None:
        """As in the build."""
        self.run(page, "pencil", "print('<b>bold</b>')")
        expect(panel(page, "pencil").locator("pre.cell-output")).to_have_text(
            "<b>bold</b>", timeout=SLOW
        )

    def test_a_cell_that_fails_says_where(self, page: Page) -> None:
        """Its traceback, without the machinery around it."""
        self.run(page, "pencil", "def half(n):\n    return n / 0\n\nhalf(1)")
        error = panel(page, "pencil").locator("pre.cell-error")
        expect(error).to_contain_text("ZeroDivisionError", timeout=SLOW)

    def test_an_endless_loop_can_be_stopped(self, page: Page) -> None:
        """Stop ends it, says so, and the next run starts anew."""
        self.run(page, "pencil", "while True: pass")
        stop = panel(page, "pencil").get_by_role("button", name="Stop")
        expect(stop).to_be_visible()
        expect(panel(page, "pencil").locator("progress")).to_be_hidden(timeout=SLOW)
        page.wait_for_timeout(1000)
        stop.click()
        expect(panel(page, "pencil").get_by_text("Stopped")).to_be_visible()
        field(page, "pencil", "Python").fill("print('alive')")
        panel(page, "pencil").get_by_role("button", name="Run").click()
        expect(panel(page, "pencil").locator("pre.cell-output")).to_have_text("alive", timeout=SLOW)


class TestExercises:
    """The page of exercises, wrong answers first."""

    ANSWERS = (
        (r"\frac{\partial l}{\partial P_j} P_j (1 - P_j)", "Refuted"),
        (r"\sum_k \frac{\partial l}{\partial P_k} \frac{\partial P_k}{\partial x_j}", "Right"),
        (r"\frac{\partial l}{\partial x_j}", ""),
        (r"\sum_i \frac{\partial l}{\partial P_i} P_i (\delta_{ij} - P_j)", "Right"),
    )

    def test_answers_are_judged_and_kept(self, context: BrowserContext, served: str) -> None:
        """Wrong, right, the question itself, right in another form; a reload knows it still."""
        page = context.new_page()
        page.goto(f"{served}ps1/exercises/")
        exercise = page.get_by_role("group", name="Exercise softmax-backward", exact=True)
        for answer, said in self.ANSWERS:
            exercise.get_by_role("textbox").fill(answer)
            exercise.get_by_role("button", name="Check").click()
            if said:
                expect(exercise.locator(".live-state")).to_have_text(said, timeout=SLOW)
            else:
                expect(exercise.locator(".live-understood")).to_contain_text(
                    "holds the question itself", timeout=SLOW
                )
        exercise.get_by_role("button", name="Hint").click()
        expect(exercise.locator(".live-hints li")).to_have_count(1)
        expect(page.locator(".live-summary")).to_contain_text("1 of 7 right, 3 of 22 points")
        page.reload()
        expect(exercise.get_by_role("textbox")).to_have_value(self.ANSWERS[-1][0])
        expect(page.locator(".live-summary")).to_contain_text("1 of 7 right")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download my answers").click()
        text = download.value.path().read_text("utf-8")
        assert 'math claim="softmax-backward"' in text
        assert self.ANSWERS[-1][0] in text


def test_training_asks_for_a_formula_of_the_sheet(context: BrowserContext, served: str) -> None:
    """With what it speaks of; a wrong answer is judged, and the formula shown on request."""
    page = context.new_page()
    page.goto(f"{served}training/")
    page.get_by_role("button", name="Start").click()
    box = page.locator(".live-training")
    expect(box.locator(".live-cell .math-display")).to_contain_text(
        re.compile(r"=\s*\?$"), timeout=SLOW
    )
    assert box.locator("h2").inner_text()
    exercise = box.get_by_role("group", name="Exercise")
    exercise.get_by_role("textbox").fill("7")
    exercise.get_by_role("button", name="Check").click()
    expect(exercise.locator(".live-result .verdict").first).to_be_visible(timeout=SLOW)
    formulas = box.locator(".math-display").count()
    box.get_by_role("button", name="Show the formula").click()
    expect(box.locator(".math-display")).to_have_count(formulas + 1)
    expect(box.get_by_text("0 of")).to_be_visible()


def test_it_works_again_without_a_network(context: BrowserContext, served: str) -> None:
    """After one use, a reload offline still judges."""
    page = context.new_page()
    page.goto(served + PAGE)
    opened(page, CLAIM)
    expect(panel(page, CLAIM)).to_be_visible()
    field(page, CLAIM).fill("P_i = 2 P_i")
    expect(panel(page, CLAIM).locator(".verdict-refuted")).to_be_visible(timeout=SLOW)
    page.wait_for_function("navigator.serviceWorker.controller")
    page.reload()  # what the worker did not see at first goes through it now
    opened(page, CLAIM)
    field(page, CLAIM).fill("P_i = 3 P_i")
    expect(panel(page, CLAIM).locator(".verdict-refuted")).to_be_visible(timeout=SLOW)
    context.set_offline(True)
    page.reload()
    opened(page, CLAIM)
    field(page, CLAIM).fill(r"\sum_i P_i = 2")
    expect(panel(page, CLAIM).locator(".verdict-refuted")).to_be_visible(timeout=SLOW)


def test_two_tabs_do_not_meet(page: Page, served: str) -> None:
    """What one changes, the other does not see."""
    other = page.context.new_page()
    other.goto(served + PAGE)
    for tab, factor in ((page, "2"), (other, "1")):
        opened(tab, CLAIM)
        field(tab, CLAIM).fill(f"P_i = {factor} P_i")
    expect(panel(page, CLAIM).locator(".verdict-refuted")).to_be_visible(timeout=SLOW)
    expect(panel(other, CLAIM).locator(".live-state")).not_to_have_text(re.compile("refuted"))
    other.close()


def test_open_editors_are_accessible(browser: Browser, served: str) -> None:
    """Opened by touch: axe finds nothing, wide and light, narrow and dark; nothing is too wide."""
    context = browser.new_context(
        viewport={"width": 400, "height": 800}, color_scheme="dark", has_touch=True
    )
    page = context.new_page()
    page.goto(served + PAGE)
    page.get_by_label(f"Change this claim: {CLAIM}", exact=True).tap()
    field(page, CLAIM).fill("P_i = 2 P_i")
    expect(panel(page, CLAIM).locator(".verdict-refuted")).to_be_visible(timeout=SLOW)
    box = panel(page, CLAIM)
    box.get_by_text("Move the point at which it fails").tap()
    expect(box.get_by_role("slider").first).to_be_visible(timeout=SLOW)
    box.get_by_role("button", name="Visual input").tap()
    expect(box.locator("math-field")).to_be_visible(timeout=SLOW)
    page.get_by_label("Change this cell: pencil", exact=True).tap()
    expect(panel(page, "pencil").locator(".cm-content")).to_be_visible(timeout=SLOW)
    for width, scheme in ((400, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.wait_for_function(
            "scheme => document.body.dataset.mdColorScheme === scheme",
            arg={"light": "default", "dark": "slate"}[scheme],
        )
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
        assert found.response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_without_scripts_the_page_is_what_it_is(browser: Browser, served: str) -> None:
    """The author's verdicts, and nothing that cannot be used."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + PAGE)
    assert page.locator(".verdict").count() > 10
    assert page.locator(".live-edit, .live-panel").count() == 0
    context.close()


def test_nothing_is_loaded_before_the_first_use(browser: Browser, served: str) -> None:
    """A small script stands by."""
    context = browser.new_context()
    page = context.new_page()
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(served + PAGE, wait_until="networkidle")
    assert [
        url for url in loaded if "/live/" in url and not url.endswith(("live.js", "live.css"))
    ] == []
    context.close()
