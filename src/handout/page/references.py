r"""References to equations: `\eqref{a}` without a `\label{a}`, and labels without a reference."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from handout.page.dollars import without_code
from handout.page.problems import Problem

_LABEL = re.compile(r"\\label\s*\{(?P<name>[^{}]*)\}")
_REFERENCE = re.compile(
    r"\\(?:eqref|ref|autoref|cref|Cref)\s*\{(?P<macro>[^{}]*)\}|\[\[eq:(?P<mark>[^\]]+)\]\]"
)
_UNUSED = (
    "nothing on this page refers to \\label{{{name}}}: write \\eqref{{{name}}} where it is meant, "
    "or leave the label out"
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


class References(NamedTuple):
    """What is wrong with the references of one page."""

    broken: list[Problem]  # which must be mended
    unused: list[Problem]  # labels that nothing refers to, which do no harm


def references(text: str, path: str, notebook: bool = False) -> References:
    """The references of a page that find nothing, and the labels that none finds.

    Args:
        text: the page's file.
        path: as an editor can open it.
        notebook: whether it is one, of which the Markdown cells count.
    """
    if "\\label" not in text and "ref" not in text and "[[eq:" not in text:
        return References([], [])
    labels: dict[str, int] = {}
    used: list[tuple[int, str, str]] = []
    for line, written in _lines(text, notebook):
        for found in _LABEL.finditer(written):
            labels.setdefault(found["name"].strip(), line)
        for found in _REFERENCE.finditer(written):
            names = (found["macro"] or found["mark"]).split(",")
            used += [(line, found[0], name.strip()) for name in names]
    broken = []
    for line, written, name in used:
        if name not in labels:
            close = difflib.get_close_matches(name, labels, n=1, cutoff=0.6)
            hint = f"did you mean {close[0]}?" if close else f"write \\label{{{name}}} into one"
            message = f"{written} refers to no equation of this page: {hint}"
            broken.append(Problem(path, line, message, code="H609", subject=name))
    named = {name for _, _, name in used}
    unused = [
        Problem(path, line, _UNUSED.format(name=name), code="H610", subject=name)
        for name, line in labels.items()
        if name not in named and f"#{name}" not in text
    ]
    return References(broken, unused)


def _lines(text: str, notebook: bool) -> Iterator[tuple[int, str]]:
    """The lines of a page that are no code, with their numbers in its file."""
    if notebook:
        yield from _lines_of_notebook(text)
        return
    shown = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    yield from enumerate(without_code(shown, keep=("math",)), 1)


def _lines_of_notebook(text: str) -> Iterator[tuple[int, str]]:
    try:
        cells = json.loads(text)["cells"]
    except (ValueError, KeyError, TypeError):
        return
    start = 0
    for cell in cells:
        if cell.get("cell_type") != "markdown":
            continue
        for line in "".join(cell.get("source", "")).split("\n"):
            at = text.find(json.dumps(line, ensure_ascii=False)[1:-1], start)
            start = max(at, start)
            yield text.count("\n", 0, start) + 1, line
