"""Every page in a real browser: quiet, at home, light, accessible, steady, fit for any width."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DOCS = Path(__file__).parents[2] / "docs"
WIDTHS = (320, 600, 1000, 2560)
LIMIT_PAGE = 120_000  # bytes, compressed
LIMIT_VISIT = 700_000  # bytes of a first visit, fonts and theme included
#: What is like the rows, items, lines and boxes before it: the rest of long tables and programs.
ALIKE = (
    ":is(tr, li):nth-child(n + 20), pre code > span:nth-child(n + 8), details:nth-of-type(n + 8),"
    " .sheet > :nth-child(n + 60)"
)
CARDS = 16  # that are open while rules of accessibility are looked at; others are like them
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
FORMULAS = ("", "ps1/problem-1/", "ps1/problem-2/")  # pages that have them in every state
#: Folders whose pages are made by one template, and the page of each that is looked at closely.
TEMPLATES = {"reference/edf/": "graph/", "benchmarks/": "equation-trust/"}
VISITS = 4  # at most, to tell what the page moves from what a slow machine does
LIMIT_SHIFT = 0.002  # of the layout; what readers are said to notice begins at 0.1

_WATCH = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput)
      window.shifts.push([
        entry.value, entry.sources.map(s => s.node?.nodeName + '.' + s.node?.className).join()
      ]);
}).observe({type: 'layout-shift', buffered: true});
"""


@dataclass
class Visit:
    """What a page does that it should not."""

    messages: list[str] = field(default_factory=list)  # console errors and warnings
    abroad: list[str] = field(default_factory=list)  # requests to other origins
    violations: list[str] = field(default_factory=list)  # of accessibility rules
    shifts: list[Any] = field(default_factory=list)  # of the layout, after the first paint
    overflows: list[str] = field(default_factory=list)  # widths at which the page scrolls sideways


def _addresses() -> list[str]:
    """Every page's address within the site, known before the site is built."""
    sources = [path for kind in ("md", "ipynb") for path in DOCS.rglob(f"*.{kind}")]
    names = sorted(path.relative_to(DOCS).with_suffix("").as_posix() for path in sources)
    return [*(f"{name}/".removeprefix("index/") for name in names), "404.html"]


def _visit(browser: Browser, served: str, page: str) -> Visit:
    seen = Visit()
    origin = urlsplit(served).netloc
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    tab = context.new_page()
    tab.on("console", lambda m: seen.messages.append(m.text) if m.type in _LOUD else None)
    tab.on("pageerror", lambda error: seen.messages.append(str(error)))
    tab.on("request", lambda r: None if _at_home(r.url, origin) else seen.abroad.append(r.url))
    tab.on("requestfailed", lambda request: seen.messages.append(f"failed: {request.url}"))
    seen.shifts = _least_shifts(browser, served, page, _shifts(tab, served + page))
    _unfold(tab)
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 800})
        sideways = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if sideways > 0:
            seen.overflows.append(f"{sideways} px too wide at {width}: {tab.evaluate(_WIDEST)}")
    tab.set_viewport_size({"width": 1280, "height": 900})
    seen.violations = _violations(tab, page)
    context.close()
    return seen


def _violations(tab: Page, page: str) -> list[str]:
    """What axe-core finds: by all rules, and in the dark by those of colours.

    It takes its time for every word and symbol. So of long tables and programs the beginning is
    looked at, of cards the first, and formulas where they have every colour and role that there is.
    """
    tab.add_style_tag(content=f"{ALIKE} {{ display: none }}")
    tab.evaluate(_FOLD, CARDS)
    if page not in FORMULAS:
        tab.add_style_tag(content="math { visibility: hidden }")
    found = _found(tab, "light", {})
    if _has_a_twin(page):
        return found
    return found + _found(tab, "dark", {"runOnly": {"type": "rule", "values": COLOUR_RULES}})


def _found(tab: Page, scheme: Literal["light", "dark"], options: dict[str, Any]) -> list[str]:
    """What axe-core finds in one scheme of colours."""
    tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    tab.wait_for_function(
        "scheme => document.body.dataset.mdColorScheme === scheme",
        arg={"light": "default", "dark": "slate"}[scheme],
    )
    result = Axe().run(tab, options={"resultTypes": ["violations"], **options})
    return [
        f"{scheme}: {violation['id']}: {node['html'][:160]}"
        for violation in result.response["violations"]
        for node in violation["nodes"]
    ]


def _has_a_twin(page: str) -> bool:
    """Whether another page of the same template is looked at more closely."""
    return any(page.startswith(home) and page != home + one for home, one in TEMPLATES.items())


def _least_shifts(browser: Browser, served: str, page: str, wide: list[Any]) -> list[Any]:
    """The shifts of a first visit at two widths; of several visits, while there are any to tell.

    What fonts and scripts move, they move at every visit. A long table that arrives in pieces, on a
    machine with other work, may move once. `wide` is what moved in a visit that was made already.
    """
    least = wide if _has_a_twin(page) else wide + _shifts_at(browser, served + page, 400)
    for _ in range(VISITS - 1):
        if _total(least) <= LIMIT_SHIFT:
            return []
        again = [
            shift for width in (400, 1280) for shift in _shifts_at(browser, served + page, width)
        ]
        least = min(least, again, key=_total)
    return least


def _shifts_at(browser: Browser, address: str, width: int) -> list[Any]:
    """The shifts of a first visit at one width."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    shifts = _shifts(context.new_page(), address)
    context.close()
    return shifts


def _total(shifts: list[Any]) -> float:
    return float(sum(shift for shift, _ in shifts))


def _shifts(tab: Page, address: str) -> list[Any]:
    """How far the layout moved on a first visit, and what moved, until everything was there."""
    tab.add_init_script(_WATCH)
    tab.goto(address, wait_until="networkidle")
    tab.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    shifts: list[Any] = tab.evaluate("window.shifts")
    return shifts


_LOUD = ("error", "warning")
_FOLD = "n => [...document.querySelectorAll('details')].slice(n).forEach(d => d.open = false)"
_WIDEST = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 5).map(e => e.tagName + '.' + e.className).join(' ')"""


def _at_home(address: str, origin: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in ("data", "blob") or parts.netloc == origin


def _unfold(tab: Page) -> None:
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


@pytest.mark.parametrize("page", _addresses())
def test_page(browser: Browser, served: str, page: str) -> None:
    """A visit, with every card open, light and dark, from 320 to 2560 pixels, finds no fault.

    Every request goes to the site itself, and none fails; the console is silent; no rule of
    axe-core is violated; the layout does not move while fonts and scripts arrive; wide things
    scroll in boxes of their own.
    """
    assert _visit(browser, served, page) == Visit()


def test_every_page_is_visited(pages: list[str]) -> None:
    """The pages of the built site are those that the test above is given."""
    assert sorted(pages) == sorted(_addresses())


def test_what_moves_is_seen(tab: Page, tmp_path: Path, serve: Callable[[Path], Any]) -> None:
    """The watch for shifts notices a line that a late script puts above a text."""
    late = "setTimeout(() => document.body.prepend(Object.assign(document.createElement('p'),"
    late += " {textContent: 'late', style: 'height: 99px'})), 300)"
    tmp_path.joinpath("index.html").write_text(
        f"<!doctype html><link rel='icon' href='data:,'><p>Text</p>"
        f"<script>{late}; fetch('data:,')</script>"
    )
    with serve(tmp_path) as address:
        assert sum(shift for shift, _ in _shifts(tab, address)) > LIMIT_SHIFT


def test_pages_are_light(site: Path, pages: list[str]) -> None:
    """The HTML of each page stays under its limit, compressed as hosts compress it."""
    weights = {page: len(gzip.compress(_file(site, page).read_bytes(), 6)) for page in pages}
    assert {page: weight for page, weight in weights.items() if weight > LIMIT_PAGE} == {}


def test_first_visit_is_light(browser: Browser, served: str, site: Path) -> None:
    """Page, theme, scripts, fonts and search together stay under the limit for a first visit."""
    context = browser.new_context()
    tab = context.new_page()
    bodies: dict[str, bytes] = {}
    tab.on("response", lambda response: bodies.update({response.url: response.body()}))
    tab.goto(served + "ps1/problem-2/", wait_until="networkidle")
    context.close()
    weights = {
        url.removeprefix(served): len(body)
        if url.endswith("woff2")
        else len(gzip.compress(body, 6))
        for url, body in bodies.items()
    }
    assert any(url.endswith("woff2") for url in weights)
    assert sum(weights.values()) < LIMIT_VISIT, weights


def _file(site: Path, page: str) -> Path:
    return site / (page if page.endswith(".html") else page + "index.html")


def test_search_finds_words_and_no_debris(site: Path) -> None:
    """Words and readable formulas, and neither TeX nor MathML nor a card's fine print."""
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    texts = [entry["title"] + " " + entry["text"] for entry in index["docs"]]
    assert any("off-diagonal entries, −PᵢPⱼ. One" in text for text in texts)
    assert any("∂Pᵢ/∂xⱼ = Pᵢ(δᵢⱼ−Pⱼ)" in text for text in texts)
    prose = [
        text
        for entry, text in zip(index["docs"], texts, strict=True)
        if entry["location"].startswith("ps1/problem")
    ]
    for debris in ("\\frac", "\\partial", "𝜕", "\ue001", "<mi", "arithmatex", "relative error"):
        assert [text[:80] for text in prose if debris in text] == []


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A page in a fresh profile."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def test_search_box_answers(tab: Page, served: str) -> None:
    """Typing a word of the text leads to its page."""
    tab.goto(served)
    tab.wait_for_load_state("networkidle")
    tab.keyboard.press("/")
    tab.keyboard.type("off-diagonal entries")
    tab.locator(".md-search-result__link[href*='problem-2']").first.wait_for(timeout=10_000)


def test_card_opens_by_keyboard(tab: Page, served: str) -> None:
    """A card's summary is a stop of the Tab key; Enter opens it and shows what was found."""
    tab.goto(served + "ps1/problem-2/")
    card = tab.locator("details.verdict").first
    assert not card.get_attribute("open")
    assert card.locator("summary").first.evaluate("e => e.tabIndex") == 0
    card.locator("summary").first.focus()
    tab.keyboard.press("Enter")
    card.locator(".verdict-body").wait_for(state="visible", timeout=5_000)
    card.locator(".verdict-test summary").click()
    card.locator("dl").wait_for(state="visible", timeout=5_000)


@pytest.mark.parametrize("page", ["", "ps1/problem-1/", "ps1/problem-3/", "guide/figures/"])
def test_tab_key_reaches_everything_in_sight(tab: Page, served: str, page: str) -> None:
    """Walking a page with the Tab key stops at everything in its content that can be worked."""
    tab.goto(served + page)
    tab.wait_for_load_state("networkidle")
    wanted = tab.evaluate(
        """() => [...document.querySelectorAll(
            'article :is(a[href], summary, button, select, .figure-node, math [tabindex="0"])')]
          .filter(e => e.checkVisibility({visibilityProperty: true}))
          .map((e, n) => e.dataset.n = n).length"""
    )
    reached = set()
    for _ in range(wanted + 80):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("document.activeElement.dataset.n ?? null"))
    assert len(reached - {None}) == wanted
    assert wanted > 10


def test_verdicts_are_announced_as_a_list(tab: Page, served: str) -> None:
    """A screen reader hears which claim a card is about, and what its sign says."""
    tab.goto(served + "ps1/problem-1/")
    cards = tab.get_by_role("list", name="Verdicts on 1a-posted", exact=True)
    assert cards.get_by_role("listitem").count() == 1
    formula = tab.locator('.claimed:has([id="verdict-1a-posted"]) math').first
    assert formula.locator(".erratum-fails").text_content() == "≠"


def test_code_can_be_copied(tab: Page, served: str) -> None:
    """The button beside a cell puts the cell's code on the clipboard, and nothing else."""
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.goto(served + "ps1/problem-2/")
    tab.get_by_title("Copy to clipboard").first.click()
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("from edf import AnyFunction")
    assert copied.rstrip().endswith('check_gradients(l, id="softmax-backward")')


def test_deep_link_opens_its_card(tab: Page, served: str) -> None:
    """An address with a verdict's anchor opens its card and brings it into view."""
    tab.goto(served + "ps1/problem-1/#verdict-1a-posted.3")
    body = tab.locator('[id="verdict-1a-posted.3"]')
    body.wait_for(state="visible", timeout=5_000)
    assert tab.locator("details.verdict[open]").count() == 1
    assert tab.locator("details.verdict-test[open]").count() == 0
    tab.wait_for_function(
        "() => {const r = document.getElementById('verdict-1a-posted.3').getBoundingClientRect();"
        " return r.top < innerHeight && r.bottom > 0}"
    )


def test_table_filters_by_page_kind_and_status(tab: Page, served: str, site: Path) -> None:
    """Each choice narrows the table, and the line above says how many are left."""
    verdicts = json.loads((site / "verdicts.json").read_text("utf-8"))["verdicts"]
    tab.goto(served + "verdicts/")
    table = tab.locator(".verdict-table").last  # of every page; the first is the problem set's
    rows = table.locator("tbody tr")
    assert rows.count() == len(verdicts)
    chosen = next(
        v for v in reversed(verdicts) if v["status"] == "verified" and v["kind"] != "code"
    )
    for number, name in enumerate(("page", "kind", "status")):
        table.locator("select").nth(number).select_option(chosen[name])
        verdicts = [verdict for verdict in verdicts if verdict[name] == chosen[name]]
        assert table.locator("tbody tr:visible").count() == len(verdicts)
    assert f"{len(verdicts)} of " in table.locator("[role=status]").inner_text()


def test_without_javascript_everything_can_be_read(browser: Browser, served: str) -> None:
    """Text, formulas, the table and the cards are there without scripts; cards even open."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(served + "ps1/problem-2/")
    assert tab.locator("math").first.bounding_box()["width"] > 20  # type: ignore[index]
    card = tab.locator("details.verdict").first
    card.locator("summary").first.click()
    card.locator(".verdict-body").wait_for(state="visible", timeout=5_000)
    tab.goto(served + "verdicts/")
    assert tab.locator(".verdict-table tbody tr").first.is_visible()
    assert not tab.locator(".verdict-filters").first.is_visible()
    context.close()


def test_print_shows_the_line_that_matters(tab: Page, served: str) -> None:
    """On paper the site's frame is gone, and each card is its essential line."""
    tab.goto(served + "ps1/problem-1/")
    tab.emulate_media(media="print")
    for frame in (".md-header", ".md-sidebar", ".md-footer", ".print-button"):
        assert not tab.locator(frame).first.is_visible()
    assert tab.locator("details.verdict summary").first.is_visible()
    tab.evaluate(
        "document.querySelectorAll('details').forEach(e => { e.open = true })"
    )  # the theme
    assert not tab.locator("details.verdict .verdict-body").first.is_visible()
    background = "getComputedStyle(document.body).backgroundColor"
    assert tab.evaluate(background) in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")


def test_print_button_prints(tab: Page, served: str) -> None:
    """The button at the head of a page opens the browser's print dialogue."""
    tab.add_init_script("window.print = () => { window.printed = true }")
    tab.goto(served + "ps1/problem-1/")
    tab.get_by_title("Print this page").click()
    assert tab.evaluate("window.printed") is True


def test_formulas_are_drawn_in_the_font_of_the_site(tab: Page, served: str) -> None:
    """The subset is loaded, brackets grow around fractions, and no name is broken into lines."""
    tab.goto(served + "ps1/problem-1/")
    tab.evaluate("document.fonts.ready")
    assert tab.evaluate("document.fonts.check('16px \"STIX Two Math\"', '𝑥')")
    heights = tab.evaluate(
        """() => [...document.querySelectorAll('math[display=block] mo')]
          .filter(e => e.textContent === '(').map(e => e.getBoundingClientRect().height)"""
    )
    assert max(heights) > 30
    wrapping = tab.evaluate(
        """() => [...document.querySelectorAll('mtext, mi')].map(e => getComputedStyle(e))
          .map(style => `${style.overflowWrap} ${style.whiteSpace}`)"""
    )
    assert set(wrapping) == {"normal nowrap"}


def _lit(tab: Page, where: str) -> set[str]:
    """The names of what a selector finds."""
    names: list[str] = tab.eval_on_selector_all(where, "all => all.map(e => e.dataset.node)")
    return set(names)


def test_formula_code_and_graph_show_each_other(tab: Page, served: str) -> None:
    """By focus and by pointer: a derivative lights its nodes, the arrows between, the lines of
    code; a node its symbols. And what is told of it stands below the graph."""
    tab.goto(served + "ps1/problem-1/", wait_until="networkidle")
    told = tab.locator("article .figure-told")
    tab.locator('article math [data-node="l/y"]').first.focus()
    assert _lit(tab, ".figure-node.lit") == {"l", "y"}
    assert _lit(tab, ".figure-edge.lit") == {"u/y", "l/u"}
    assert _lit(tab, ".code-line.lit") == {"l", "y"}
    assert _lit(tab, "math .lit") == {"l/y"}
    expect(told).to_contain_text("∂l/∂y = ∂l/∂u · ∂u/∂y = ")
    tab.locator("article .figure-node[data-node=y]").hover()
    assert _lit(tab, "math .lit") == {"y", "l/y", "u/y"}
    assert _lit(tab, ".code-line.lit") == {"y"}
    expect(told).to_contain_text("y = g(x) = ")
    tab.locator(".code-line[data-node=u]").hover()
    assert _lit(tab, ".figure-node.lit") == {"u"}
    tab.locator("h1").hover()
    tab.evaluate("document.activeElement.blur()")
    assert tab.locator(".lit").count() == 0


def test_a_formula_is_one_stop_and_the_arrows_move_in_it(tab: Page, served: str) -> None:
    """So that the Tab key does not visit every symbol."""
    tab.goto(served + "ps1/problem-1/", wait_until="networkidle")
    formula = tab.locator('article .math-display math:has([data-node="l/x"])').first
    assert formula.locator("[tabindex='0']").count() == 1
    formula.locator("[tabindex='0']").focus()
    seen = []
    for _ in range(3):
        seen.append(tab.evaluate("document.activeElement.dataset.node"))
        tab.keyboard.press("ArrowRight")
    assert seen == ["l/x", "l/u", "u/x"]
    assert formula.locator("[tabindex='0']").count() == 1


def test_graph_is_stepped_through(tab: Page, served: str) -> None:
    """Values one after the other, then gradients from the loss up; by button and by arrow key."""
    tab.goto(served + "ps1/problem-1/", wait_until="networkidle")
    figure = tab.locator("article figure:has(.figure-steps)")
    told, step = figure.locator(".figure-told"), figure.get_by_role("button", name="Step ›")
    assert figure.locator(".figure-gradient >> visible=true").count() == 5
    step.click()
    expect(told).to_contain_text("Forward, step 1 of 5: x = ")
    assert figure.locator(".figure-value >> visible=true").count() == 1
    assert figure.locator(":is(.figure-gradient, .figure-local) >> visible=true").count() == 0
    for _ in range(6):
        tab.keyboard.press("ArrowRight")
    expect(told).to_contain_text("Backward, step 2 of 5: ∂l/∂u = ")
    assert figure.locator(".figure-value >> visible=true").count() == 5
    assert figure.locator(".figure-gradient >> visible=true").count() == 2
    assert _lit(tab, ".figure-edge.returned") == {"l/u"}
    assert _lit(tab, ".figure-node.now") == {"u"}
    figure.get_by_role("button", name="Previous step").click()
    expect(told).to_contain_text("Backward, step 1 of 5: ∂l/∂l = 1")
    for _ in range(9):
        step.click()
    expect(told).to_contain_text("Backward, step 5 of 5")
    figure.get_by_role("button", name="Show all").click()
    assert tab.locator(".stepping").count() == 0


def test_graph_without_scripts_and_on_paper_shows_everything(browser: Browser, served: str) -> None:
    """Names, values, gradients, local derivatives; and no buttons that nothing answers."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(served + "ps1/problem-1/")
    for media in ("screen", "print"):
        tab.emulate_media(media=media)  # type: ignore[arg-type]
        figure = tab.locator("article figure:has(.figure-steps)")
        for part in ("value", "gradient"):
            assert figure.locator(f".figure-{part} >> visible=true").count() == 5
        assert figure.locator(".figure-local >> visible=true").count() == 10
        assert not figure.locator(".figure-steps").is_visible()
    context.close()


def test_front_page_fits_one_screen(tab: Page, served: str) -> None:
    """Both formulas are claims of the handout, and both doors are in sight."""
    tab.goto(served)
    assert tab.locator(".front-pair .verdict-badge").all_inner_texts() == [
        "wrong as posted",
        "verified",
    ]
    assert tab.locator(".front-pair .erratum-inserted").count() > 0
    for door in ("I teach", "I study"):
        box = tab.get_by_role("link", name=door).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 900


def test_404_page_leads_back(tab: Page, served: str) -> None:
    """The page for unknown addresses is styled and leads to the handout, from any depth."""
    tab.goto(served + "404.html")
    assert "No such page" in tab.locator("h1").inner_text()
    assert tab.locator("article a").count() > 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colour_scheme_follows_the_system(browser: Browser, served: str, scheme: str) -> None:
    """Without a choice of the reader's, the page is as the system asks."""
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    tab = context.new_page()
    tab.goto(served)
    expected = {"light": "default", "dark": "slate"}[scheme]
    assert tab.evaluate("document.body.dataset.mdColorScheme") == expected
    context.close()


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("licence", "guide/trust/#licence"),
        ("license", "guide/trust/#licence"),
        ("hadamard", "identities/#hidden-layer-recursion-with-matrices-hadamard-product"),
        ("chain rule", "ps1/problem-1/"),
        ("sigmoid derivative", "identities/#sigmoid-derivative"),
        ("softmax", "ps1/problem-2/"),
    ],
)
def test_search_finds_what_readers_look_for(tab: Page, served: str, words: str, place: str) -> None:
    """In the first group of results, whichever of its sections it is."""
    tab.goto(served)
    tab.wait_for_load_state("networkidle")
    tab.keyboard.press("/")
    tab.keyboard.type(words)
    page, _, anchor = place.partition("#")
    first = tab.locator(".md-search-result__item").first
    first.locator(f"a[href*='/{page}']").first.wait_for(timeout=20_000)
    links = [link.get_attribute("href") or "" for link in first.locator("a").all()]
    assert any(link.partition("?")[0].endswith(page) or f"#{anchor}" in link for link in links)
    assert not anchor or any(link.endswith(f"#{anchor}") for link in links), links
