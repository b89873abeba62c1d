"""A verdict's card: one line that matters, and everything else folded away.

The card is a `<details>` element, so it opens by keyboard and without scripts. Its anchor sits
*inside* the folded part: browsers open a `<details>` whose content is linked to.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from importlib.metadata import version
from typing import Any

from handout.judge.verdict import Details, Verdict
from handout.render.badge import anchor, icon, judged
from handout.render.figures import steps
from handout.render.numerals import plain, scientific, shape

_TITLES = {"equation": "Equation", "gradient": "Gradient check", "code": "Code"}
_ORACLES = {
    "complex-step": "complex step",
    "richardson": "Richardson extrapolation of central differences",
}


Typeset = Callable[[str], str]
"""Makes HTML of LaTeX; raises `ValueError` where it cannot."""


def as_source(latex: str) -> str:
    """A formula as its LaTeX, where nothing can typeset it."""
    return f"<code>{escape(latex)}</code>"


def card(verdict: Verdict, count: int = 1, typeset: Typeset = as_source) -> str:
    """One verdict as HTML.

    Args:
        verdict: a verdict with the keys of `verdicts.json` and, where there are any, `details`.
        count: how many steps its claim has; the card of a single step does not count them.
        typeset: for the formulas on it.
    """
    status = verdict["status"]
    classes = f"verdict verdict-{status}" + ("" if verdict["ok"] else " unexpected")
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{html}</dd>" for name, html in _rows(verdict, typeset)
    )
    return (
        f'<details class="{classes}" data-search-exclude>'
        f"<summary>{icon(status)}<strong>{escape(judged(verdict))}</strong> "
        f"{_headline(verdict, count)}</summary>"
        f'<div class="verdict-body" id="{escape(anchor(verdict))}">'
        f"<dl>{rows}</dl>{_valley(verdict)}</div></details>"
    )


def cards(verdicts: Sequence[Verdict], typeset: Typeset = as_source) -> str:
    """The cards of what stands above them, such as a claim's steps, as a list announced as such."""
    items = "".join(
        f"<li>{card(verdict, sum(v['id'] == verdict['id'] for v in verdicts), typeset)}</li>"
        for verdict in verdicts
    )
    # The role is said because Safari takes a list without bullets for none.
    label = escape(f"Verdicts on {verdicts[0]['id']}") if verdicts else ""
    return f'<ul class="verdicts" role="list" aria-label="{label}">{items}</ul>' if items else ""


def binding(names: Sequence[str]) -> str:
    """The line under a definition: which names it gives the page."""
    listed = ", ".join(f"<code>{escape(name)}</code>" for name in names)
    return f'<p class="formula-defines" data-search-exclude>defines {listed}</p>' if names else ""


def _headline(verdict: Verdict, count: int) -> str:
    """What the folded card says after the status: which claim, and the figure that matters."""
    parts = [f"<code>{escape(verdict['id'])}</code>"]
    if count > 1:
        parts.append(f"<span>step {verdict['step']} of {count}</span>")
    if verdict["status"] == "error":
        parts.append(escape(_first_line(verdict["message"])))
    elif verdict["max_rel_error"] is not None:
        error = scientific(verdict["max_rel_error"])
        parts.append(f"<span>max. relative error {error}</span>")
        parts.append(f"<span>{_points(verdict)}</span>")
    elif verdict["kind"] == "code":
        parts.extend(_remarks(verdict["details"]))
    return '<span class="verdict-figure">' + "\u00a0· ".join(parts) + "</span>"


def _remarks(details: Details) -> Iterator[str]:
    """Why code that ran as expected has a card at all."""
    if details.get("raised"):
        yield f"raised {escape(str(details['raised']))}, as expected"
    for note in details.get("notes") or ():
        text = str(note).removesuffix(".")
        yield escape(text[:1].lower() + text[1:])


def _points(verdict: Verdict, kind: str = "") -> str:
    plural = "" if verdict["points"] == 1 else "s"
    return escape(f"{verdict['points']} {kind}point{plural}")


def _rows(verdict: Verdict, typeset: Typeset) -> Iterator[tuple[str, str]]:
    """The folded rows: name and HTML."""
    details = verdict["details"]
    if verdict["message"]:
        text = escape(verdict["message"])  # a caret under a formula needs its columns
        yield "Message", f"<pre>{text}</pre>" if "\n" in text else text
    if details.get("reading_latex"):
        yield "Read as", _math(details["reading_latex"], typeset)
    if verdict["reading"]:
        yield "Reading", f"<code>{escape(verdict['reading'])}</code>"
    if verdict["counterexample"]:
        yield "Counterexample", _counterexample(verdict)
    if verdict["repair"]:
        yield "Repair", _repair(verdict["repair"], typeset)
    if verdict["corruptions"]:
        yield "Would it notice?", _corruptions(verdict["corruptions"], details)
    if details.get("worst") and verdict["status"] == "verified":
        yield "Least exact entry", _worst(details["worst"])
    if details.get("sampled"):
        yield "Entries compared", _sampled(details["sampled"])
    if verdict["oracle"]:
        yield "Tested", _tested(verdict, details)
    for note in details.get("notes") or ():
        yield "Note", escape(str(note))
    yield _TITLES.get(verdict["kind"], escape(verdict["kind"])), _source(verdict)
    yield "Environment", escape(_environment())


@cache
def _environment() -> str:
    """The versions that every claim of this build was tested with."""
    return f"Python {platform.python_version()}, NumPy {version('numpy')}"


def _math(latex: str, typeset: Typeset) -> str:
    """A formula that the checker printed back; as source, should it not be convertible."""
    try:
        return f'<span class="verdict-math">{typeset(latex)}</span>'
    except ValueError:
        return as_source(latex)


def _repair(text: str, typeset: Typeset) -> str:
    """What would make the claim hold, in words, perhaps followed by a formula."""
    words, colon, latex = text.partition(": ")
    return escape(words + colon) + _math(latex, typeset) if "\\" in latex else escape(text)


def _counterexample(verdict: Verdict) -> str:
    found = verdict["counterexample"] or {}
    names = (
        ("backward", "numeric") if verdict["kind"] == "gradient" else ("left side", "right side")
    )
    rows = [(name, found.get(side)) for name, side in zip(names, ("left", "right"), strict=True)]
    index = found.get("index") or {}
    if index:
        where = ", ".join(f"{k} = {_index(v)}" for k, v in index.items())
        rows.insert(
            0, ("at", f"{where} (counted from 0)" if verdict["kind"] == "equation" else where)
        )
    rows += [(name, value) for name, value in (found.get("factors") or {}).items()]
    rows += [(name, value) for name, value in (found.get("point") or {}).items()]
    body = "".join(
        f'<tr><th scope="row">{escape(str(name))}</th><td>{plain(value)}</td></tr>'
        for name, value in rows
    )
    return f'<table class="counterexample" aria-label="Counterexample">{body}</table>'


def _index(value: Any) -> str:
    return str(value) if shape(value) == () else "(" + ", ".join(map(str, value)) + ")"


def _corruptions(found: Mapping[str, int], details: Details) -> str:
    tried = found["tried"]
    text = f"{tried} one-symbol corruptions of this equation: {found['refuted']} refuted"
    if found.get("rejected"):
        text += f", {found['rejected']} rejected as meaningless"
    text += f", {found['unnoticed']} unnoticed." if found.get("unnoticed") else "."
    example = details.get("corruption_example")
    return escape(text) + (f" For example <code>{escape(str(example))}</code>" if example else "")


def _worst(worst: Mapping[str, Any]) -> str:
    where = f"{worst.get('argument')}{_index(worst['index']) if worst.get('index') else ''}"
    if worst.get("operation"):
        where += f" of {worst['operation']}"
    return (
        f"{escape(where)}: backward {plain(worst.get('backward'))}, "
        f"numeric {plain(worst.get('numeric'))}"
    )


def _sampled(sampled: Mapping[str, int]) -> str:
    checked, total = sampled.get("checked"), sampled.get("total")
    return f"{plain(checked)} of {plain(total)}"


def _tested(verdict: Verdict, details: Details) -> str:
    oracle = _ORACLES.get(verdict["oracle"] or "", verdict["oracle"])
    text = f"at {_points(verdict, 'random ')}"
    text += escape(f" (seed {verdict['seed']})")
    if verdict["oracle"] != "evaluation":  # a claim without derivatives
        text += escape(f"; numeric derivatives by {oracle}")
    if details.get("tolerance") is not None:
        text += f"; tolerance {scientific(details['tolerance'])}"
    return text


def _valley(verdict: Verdict) -> str:
    """The error against the step size, where a gradient check measured it."""
    measured = verdict["details"].get("steps") or []
    finite = [pair for pair in measured if all(isinstance(value, float) for value in pair)]
    return steps({"steps": finite}) if len(finite) > 1 else ""


def _source(verdict: Verdict) -> str:
    return f"<code>{escape(str(verdict['page']))}:{escape(str(verdict['line']))}</code>"


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""
