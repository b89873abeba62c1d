"""A claim's card: what a student needs first, how it was tested folded below.

The card is a `<details>` element, so it opens by keyboard and without scripts. Its anchors sit
*inside* the folded part: browsers open a `<details>` whose content is linked to.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

from handout.judge.verdict import Details, Verdict
from handout.render.badge import anchor, icon, judged, state, worst
from handout.render.figures import steps as step_sizes
from handout.render.numerals import plain, scientific, shape
from handout.run.installed import version

SIDES = ("left side", "right side")
_TITLES = {"equation": "Equation", "gradient": "Gradient check", "code": "Code"}
_ORACLES = {
    "complex-step": "complex step",
    "richardson": "Richardson extrapolation of central differences",
}
_DERIVATIVE = re.compile(r"D\[([^][,]+), ([^][]+)\]")  # as a reading has it in plain text
_NOT = {"=": "≠", "<": "≮", ">": "≯", "\\leq": "≰", "\\geq": "≱", "\\approx": "≉"}


Typeset = Callable[[str], str]
"""Makes HTML of LaTeX; raises `ValueError` where it cannot."""


def as_source(latex: str) -> str:
    """A formula as its LaTeX, where nothing can typeset it."""
    return f"<code>{escape(latex)}</code>"


def card(steps: Sequence[Verdict], typeset: Typeset = as_source) -> str:
    """One claim as HTML: one verdict, or one for each sign of a chain.

    Args:
        steps: its verdicts, with the keys of `verdicts.json` and, where there are any, `details`.
        typeset: for the formulas on it.
    """
    chief = worst(steps)
    name = state(chief)
    brief = name == "verified" and chief["ok"] and chief["kind"] == "equation"
    classes = f"verdict verdict-{name}" + ("" if chief["ok"] else " unexpected")
    classes += " verdict-brief" if brief else ""
    said = judged(chief)
    title = f' title="{escape(said)}: {escape(chief["id"])}"' if brief else ""
    body = "".join(_step(verdict, len(steps), typeset) for verdict in steps)
    return (
        f'<details class="{classes}" data-search-exclude>'
        f"<summary{title}>{icon(name)}<strong>{escape(said[:1].upper() + said[1:])}</strong> "
        f"{_headline(chief, len(steps))}</summary>"
        f'<div class="verdict-body">{body}{_test(steps, typeset)}</div></details>'
    )


def cards(verdicts: Sequence[Verdict], typeset: Typeset = as_source) -> str:
    """The cards of what stands above them, one for each claim, as a list announced as such."""
    claims: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        claims.setdefault(verdict["id"], []).append(verdict)
    items = "".join(f"<li>{card(steps, typeset)}</li>" for steps in claims.values())
    # The role is said because Safari takes a list without bullets for none.
    label = escape(f"Verdicts on {verdicts[0]['id']}") if verdicts else ""
    return f'<ul class="verdicts" role="list" aria-label="{label}">{items}</ul>' if items else ""


def binding(names: Sequence[str]) -> str:
    """The line under a definition: which names it gives the page."""
    listed = ", ".join(f"<code>{escape(name)}</code>" for name in names)
    return f'<p class="formula-defines" data-search-exclude>defines {listed}</p>' if names else ""


def _headline(verdict: Verdict, count: int) -> str:
    """What the folded card says after the verdict: what fails, where, what would mend it."""
    parts = []
    if count > 1 and state(verdict) != "verified":
        parts.append(f"<span>step {verdict['step']} of {count}</span>")
    if verdict["kind"] != "equation" or (state(verdict) == "verified" and verdict["ok"]):
        parts.append(f"<code>{escape(verdict['id'])}</code>")
    if verdict["status"] == "error":
        parts.append(escape(_first_line(verdict["message"])))
    elif verdict["counterexample"]:
        parts.append(_difference(verdict))
        if verdict["repair"]:
            parts.append(escape(verdict["repair"].partition(": \\")[0]))
    elif verdict["status"] == "inconclusive" and verdict["message"]:
        parts.append(escape(_first_line(verdict["message"])))
    elif verdict["max_rel_error"] is not None:
        if count == 1:
            error = scientific(verdict["max_rel_error"])
            parts.append(f"<span>largest relative error {error}</span>")
        parts.append(f"<span>{_points(verdict)}</span>")
    elif verdict["kind"] == "code":
        parts.extend(_remarks(verdict["details"]))
    return '<span class="verdict-figure">' + "\u00a0· ".join(parts) + "</span>"


def _difference(verdict: Verdict) -> str:
    """Both sides where they differ: `0.949 ≠ -0.465 at i = 0`."""
    found = verdict["counterexample"] or {}
    left, right = (_short(found.get(side)) for side in ("left", "right"))
    where = _where(found, verdict["kind"] == "equation")
    at = f" at {escape(where)}" if where else ""
    if verdict["kind"] == "gradient":
        return f"backward gives {left}, the numeric derivative is {right}{at}"
    sign = _NOT.get(verdict["details"].get("sign", "="), "≠")
    return f"<span>{left} {sign} {right}</span>{at}"


def _short(value: Any) -> str:
    """A number to three digits, which a headline can hold."""
    return plain(float(f"{value:.3g}")) if isinstance(value, float) else plain(value)


def _where(found: Mapping[str, Any], equation: bool) -> str:
    index = found.get("index") or {}
    first = found.get("counted_from", 0)
    index = {k: v + first if isinstance(v, int) else v for k, v in index.items() if v is not None}
    where = ", ".join(f"{k} = {_index(v)}" for k, v in index.items())
    return f"{where} (counted from {first})" if where and equation else where


def _remarks(details: Details) -> Iterator[str]:
    """Why code that ran as expected has a card at all."""
    if details.get("raised"):
        yield f"raises {escape(str(details['raised']))}"
    for note in details.get("notes") or ():
        text = str(note).removesuffix(".")
        yield escape(text[:1].lower() + text[1:])


def _points(verdict: Verdict, kind: str = "") -> str:
    plural = "" if verdict["points"] == 1 else "s"
    return escape(f"{verdict['points']} {kind}point{plural}")


# --------------------------------------------------------------------------- what a student needs


def _step(verdict: Verdict, count: int, typeset: Typeset) -> str:
    """What was found about one step, under its anchor."""
    title = ""
    if count > 1:
        name, latex = state(verdict), verdict["details"].get("latex")
        title = (
            f'<p class="verdict-step verdict-{name}">{icon(name)}<span>Step {verdict["step"]}: '
            f"{escape(judged(verdict))}</span></p>"
        )
        if name == "verified" and latex:
            title += _math(latex, typeset)
    told = "".join(_told(verdict, typeset))
    return f'<div id="{escape(anchor(verdict))}">{title}{told}</div>'


def _told(verdict: Verdict, typeset: Typeset) -> Iterator[str]:
    if verdict["message"] and not (verdict["counterexample"] and verdict["kind"] == "gradient"):
        text = escape(verdict["message"])  # a caret under a formula needs its columns
        yield f"<pre>{text}</pre>" if "\n" in text else f"<p>{text}</p>"
    if verdict["kind"] == "equation" and verdict["status"] == "refuted":
        yield _erratum(verdict, typeset)
    if verdict["counterexample"]:
        sides = SIDES if verdict["kind"] == "equation" else ("backward", "numeric")
        symbols = verdict["details"].get("symbols")
        yield counterexample(verdict["counterexample"], sides, symbols, typeset)
    elif not verdict["message"] and verdict["max_rel_error"] is not None:
        yield f"<p>{_agreement(verdict)}</p>"


def _erratum(verdict: Verdict, typeset: Typeset) -> str:
    """The step as it is written and, where that is known, as it holds, side by side."""
    details, repair = verdict["details"], verdict["repair"]
    sign = details.get("sign", "=")
    if not (repair and details.get("mended_rhs")):
        return f"<p>{_repair(repair, typeset)}</p>" if repair else ""
    written = f"{details.get('lhs')} {sign} {details.get('rhs')}"
    mended = f"{details.get('mended_lhs')} {sign} {details.get('mended_rhs')}"
    quoted = verdict.get("quoted") if state(verdict) == "wrong" else None
    as_given = f"As {escape(quoted or 'written')}"
    reason = repair.partition(": \\")[0]
    return (
        f'<div class="erratum"><div><span>{as_given}</span>{_math(written, typeset)}</div>'
        f"<div><span>Corrected</span>{_math(mended, typeset)}</div></div>"
        f"<p>It {escape(reason)}.</p>"
    )


def _agreement(verdict: Verdict) -> str:
    """How well both sides agreed, and what the test would have noticed."""
    error = scientific(verdict["max_rel_error"])
    both = "Both sides" if verdict["kind"] == "equation" else "Backward and numeric derivatives"
    text = f"{both} agree at {_points(verdict, 'random ')}; the largest relative error is {error}."
    if verdict["corruptions"]:
        text += " " + _corruptions(verdict["corruptions"], verdict["details"])
    return text


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


def counterexample(
    found: Mapping[str, Any],
    names: Sequence[str] = SIDES,
    symbols: Mapping[str, str] | None = None,
    typeset: Typeset = as_source,
) -> str:
    """Two sides that differ, where they do, and what they are made of there, as a table.

    Args:
        found: the counterexample, as a verdict has it.
        names: what the two sides are.
        symbols: LaTeX for the names of factors and leaves, which are set as in the formula.
        typeset: for these.
    """
    rows = [(name, found.get(side)) for name, side in zip(names, ("left", "right"), strict=True)]
    if where := _where(found, names is SIDES):
        rows.insert(0, ("at", where))
    heads = [f'<th scope="row">{escape(name)}</th>' for name, _ in rows]
    for part in ("factors", "point"):
        for name, value in (found.get(part) or {}).items():
            rows.append((str(name), value))
            heads.append(_symbol(str(name), symbols or {}, typeset))
    body = "".join(
        f"<tr>{head}<td>{plain(value)}</td></tr>"
        for head, (_, value) in zip(heads, rows, strict=True)
    )
    return f'<table class="counterexample" aria-label="Counterexample">{body}</table>'


def _symbol(name: str, symbols: Mapping[str, str], typeset: Typeset) -> str:
    """The head of a row, set as the formula sets it for the eye, and in words for the ear.

    A letter is one by itself; other names stay as they are.
    """
    latex = symbols.get(name) or (name if len(name) == 1 and name.isalpha() else "")
    if not latex or typeset is as_source:
        return f'<th scope="row">{escape(name)}</th>'
    spoken = _DERIVATIVE.sub(lambda d: f"∂{d[1]}/∂{d[2].replace(', ', '∂')}", name)
    try:
        formula = typeset(latex)
    except ValueError:
        return f'<th scope="row">{escape(name)}</th>'
    seen = f'<span class="symbol" aria-hidden="true">{formula}</span>'
    return f'<th scope="row"><span class="for-the-ear">{escape(spoken)}</span>{seen}</th>'


def _index(value: Any) -> str:
    return str(value) if shape(value) == () else "(" + ", ".join(map(str, value)) + ")"


def _corruptions(found: Mapping[str, int], details: Details) -> str:
    """How many one-symbol changes the test tells from the equation."""
    tried = found["tried"] - found.get("rejected", 0)
    noticed, text = found["refuted"], ""
    if tried > 0:
        changes = "change" if tried == 1 else "changes"
        all_of_them = noticed == tried
        text = f"Of {tried} {changes} of a single symbol the test noticed "
        text += "every one." if all_of_them else f"{noticed}."
    example = details.get("corruption_example")
    return escape(text) + (f" For example <code>{escape(str(example))}</code>" if example else "")


# ------------------------------------------------------------------------- how it was tested


def _test(steps: Sequence[Verdict], typeset: Typeset) -> str:
    """The folded rows for whoever wants to know how a claim was tested."""
    rows = []
    for verdict in steps:
        number = f", step {verdict['step']}" if len(steps) > 1 else ""
        rows += [(name + number, html) for name, html in _rows(verdict, typeset)]
    rows += [
        (_TITLES.get(steps[0]["kind"], escape(steps[0]["kind"])), _source(steps[0])),
        ("Environment", escape(_environment())),
    ]
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{html}</dd>" for name, html in rows)
    valley = "".join(_valley(verdict) for verdict in steps)
    return (
        '<details class="verdict-test"><summary>How it was tested</summary>'
        f"<dl>{listed}</dl>{valley}</details>"
    )


def _rows(verdict: Verdict, typeset: Typeset) -> Iterator[tuple[str, str]]:
    """What is said of the test of one step: name and HTML."""
    details = verdict["details"]
    if details.get("reading_latex"):
        yield "Read as", _math(details["reading_latex"], typeset)
    elif verdict["reading"]:
        yield "Read as", f"<code>{escape(verdict['reading'])}</code>"
    if supposed := details.get("hypotheses"):
        listed = "".join(f"<li>{_math(each, typeset)}</li>" for each in supposed)
        yield "For all", f'<ul class="verdict-supposed">{listed}</ul>'
    if details.get("worst") and verdict["status"] == "verified":
        yield "Least exact entry", _worst(details["worst"])
    if details.get("sampled"):
        yield "Entries compared", _sampled(details["sampled"])
    if verdict["oracle"]:
        yield "Tested", _tested(verdict, details)
    for note in details.get("notes") or ():
        yield "Note", escape(str(note))


@cache
def _environment() -> str:
    """The versions that every claim of this build was tested with."""
    return f"Python {platform.python_version()}, NumPy {version('numpy')}"


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
    return step_sizes({"steps": finite}) if len(finite) > 1 else ""


def _source(verdict: Verdict) -> str:
    place = f"{verdict['page']}:{verdict['line']}"
    return f"<code>{escape(str(verdict['id']))}</code> in <code>{escape(place)}</code>"


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""
