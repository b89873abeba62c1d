"""A verdict in a word, an icon and a colour; and the status badge of a whole handout.

What is expected to be wrong, and is, has a state of its own; of a quotation it says whose mistake
it is, as in *wrong as posted*.
Each icon has its own outline (circle, square, octagon, diamond, triangle), so that they are told
apart in black and white as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from handout.judge.verdict import Verdict

_OUTLINES = {
    "verified": '<circle cx="8" cy="8" r="7"/><path d="m4.5 8.2 2.4 2.4 4.6-5"/>',
    "wrong": '<path d="M1.5 1.5h13v13h-13z"/><path d="m5 5 6 6m0-6-6 6"/>',
    "refuted": '<path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z"/>'
    '<path d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2"/>',
    "inconclusive": '<path d="M8 .8 15.2 8 8 15.2.8 8z"/><path d="M4.8 8h6.4"/>',
    "error": '<path d="M8 1.2 15.4 14.6H.6z"/><path d="M8 6v4.2m0 1.6v.6"/>',
}
#: The states of a verdict in words, from the best to the worst.
STATES = {
    "verified": "verified",
    "wrong": "wrong as expected",
    "inconclusive": "inconclusive",
    "refuted": "refuted",
    "error": "error",
}
_WIDTH = 6.4  # of an average character of 11 px Verdana, which a badge's reader may not have


def state(verdict: Verdict) -> str:
    """The status, or `wrong` of what was expected to fail, as a quoted mistake is, and does."""
    refuted = verdict["status"] == verdict["expected"] == "refuted"
    raised = verdict["status"] == "verified" and (verdict.get("details") or {}).get("raised")
    return "wrong" if refuted or raised else verdict["status"]


def word(verdict: Verdict) -> str:
    """The state in words: `wrong as posted` of what the author of the page marks as posted."""
    name = state(verdict)
    source = verdict.get("quoted") if name == "wrong" else None
    return f"wrong as {source}" if source else STATES[name]


def icon(name: str) -> str:
    """The icon of a state, hidden from screen readers: the word stands beside it."""
    outline = _OUTLINES[name]
    return f'<svg class="verdict-icon" viewBox="0 0 16 16" aria-hidden="true">{outline}</svg>'


def anchor(verdict: Verdict) -> str:
    """The `id` of a verdict's card: its claim's, with a point and the number from step 2 on."""
    step = verdict["step"]
    return f"verdict-{verdict['id']}" + (f".{step}" if step > 1 else "")


def place(verdict: Verdict) -> str:
    """Where the links to a verdict without a card lead."""
    return f'<span id="{escape(anchor(verdict))}"></span>'


def judged(verdict: Verdict) -> str:
    """The verdict in words, with what was expected when that says more."""
    status, expected = verdict["status"], verdict["expected"]
    if not verdict["ok"]:
        return f"{status}, but {expected} was expected"
    if status == "error" and expected:
        return "cannot be tested, as expected"
    as_expected = status == "inconclusive" and expected
    return "inconclusive, as expected" if as_expected else word(verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict that decides: an unexpected one first, then the worse state."""
    order = list(STATES)
    return max(verdicts, key=lambda v: (not v["ok"], order.index(state(v))))


def badge(*verdicts: Verdict, page: str = "", link: bool = True) -> str:
    """The badge of a claim, linked to its card; of several steps the worst speaks for the claim.

    Args:
        verdicts: the steps of one claim.
        page: address of the page that holds the card, if it is another one.
        link: whether it leads there; not within another link, which cannot hold one.
    """
    verdict = worst(verdicts)
    name = state(verdict)
    classes = f"verdict-badge verdict-{name}" + ("" if verdict["ok"] else " unexpected")
    href = escape(f"{page}#{anchor(verdict)}")
    title = escape(f"{judged(verdict)}: {verdict['id']}")
    tag, target = ("a", f' href="{href}"') if link else ("span", "")
    return (
        f'<{tag} class="{classes}"{target} title="{title}">'
        f"{icon(name)}<span>{escape(word(verdict))}</span></{tag}>"
    )


def claims_of(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts on claims: code that ran claims nothing."""
    return [verdict for verdict in verdicts if verdict["kind"] != "code"]


def number(count: int, noun: str) -> str:
    """A number of things, as in `1 claim` and `2 claims`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def count(verdicts: Sequence[Verdict]) -> str:
    """How many verdicts of each state, in words: `12 verified, 3 wrong as posted`."""
    parts = []
    order = list(STATES)
    ordered = sorted(verdicts, key=lambda v: order.index(state(v)))
    for said in dict.fromkeys(map(word, ordered)):
        these = [v for v in ordered if word(v) == said]
        name = state(these[0])
        expected = sum(bool(v["ok"]) for v in these)
        words = f"{len(these)} {said}" + ("s" if name == "error" and len(these) > 1 else "")
        if name not in ("verified", "wrong") and expected:
            words += (
                " as expected" if expected == len(these) else f", {expected} of them as expected"
            )
        parts.append(words)
    return ", ".join(parts) or "no claims"


def status_svg(verdicts: Sequence[Verdict]) -> str:
    """The badge for a README: an SVG image that needs no font, script or other file."""
    unexpected = sum(not v["ok"] for v in verdicts)
    label = "handout"
    claims = number(len(claims_of(verdicts)), "claim")
    message = f"{unexpected} unexpected" if unexpected else f"{claims} as expected"
    colour = "#b3261e" if unexpected else "#1b6e3c"
    left, right = (round(_WIDTH * len(text) + 12) for text in (label, message))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img"'
        f' aria-label="{label}: {message}"><title>{label}: {message}</title>'
        f'<rect width="{left}" height="20" fill="#444"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"'
        ' text-anchor="middle">'
        f'<text x="{left / 2}" y="14" textLength="{left - 12}">{label}</text>'
        f'<text x="{left + right / 2}" y="14" textLength="{right - 12}">{message}</text>'
        "</g></svg>\n"
    )
