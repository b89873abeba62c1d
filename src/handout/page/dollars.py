r"""Dollars that look like a formula's and lose it: what an author is warned of.

Markdown cuts the cells of a table at every `|`, also within `$|x|$`, takes the `$3-$` of a price
range for a formula, and takes `$ x_i $` for none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from handout.page.fences import find_fences
from handout.page.problems import Problem

_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)+\|?\s*$")  # under the head of a table
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_DOLLAR = re.compile(r"(?<![\\$])\$(?!\$)")
_ROOMY = re.compile(r"(?<![\\$\w])\$(?=\s|[^$]*\s\$)(?=[^$]*[\\_^])(?:\\.|[^$\\])+?\$(?![\w$])")
_ROOMY_OR_CODE = re.compile(rf"(`+)(?!`)(?:[^`]|(?!\1)`)+?\1(?!`)|{_ROOMY.pattern}")
_PRICE = re.compile(r"(?<![\\$\w])\$\d[^$\\\n]*?(?<=\S)\$(?=\d)")


def doubtful_dollars(text: str, path: str) -> list[Problem]:
    """The formulas of a page's text that its Markdown would lose or invent, with their lines."""
    lines = without_code(text)
    return [
        Problem(path, number, message, code="H606", subject=subject)
        for number, message, subject in (*_cut(lines), *_invented(lines), *_lost(lines))
    ]


def tightened(text: str) -> str:
    """Markdown whose LaTeX has no blank inside its dollars; Jupyter sets it with one, too."""
    code = {n for fence in find_fences(text) for n in range(fence.line_first, fence.line_last + 1)}
    groups = groupby(
        enumerate(text.split("\n"), 1), lambda item: (item[0] in code, not item[1].strip())
    )
    parts = [(literal, "\n".join(line for _, line in group)) for (literal, _), group in groups]
    return "\n".join(p if literal else _ROOMY_OR_CODE.sub(_tight, p) for literal, p in parts)


def _tight(found: re.Match[str]) -> str:
    return found[0] if found[1] else f"${found[0][1:-1].strip()}$"


def without_code(text: str, keep: tuple[str, ...] = ()) -> list[str]:
    """The lines of a page without code spans and fenced blocks, but for those of some languages."""
    lines = text.split("\n")
    for fence in find_fences(text):
        if fence.language in keep:
            continue
        for index in range(fence.line_first - 1, fence.line_last):
            lines[index] = ""
    return [_CODE.sub("", line) for line in lines]


def _cut(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """Formulas that a table cuts in two."""
    inside = False
    for number, line in enumerate(lines, 1):
        following = lines[number] if number < len(lines) else ""
        inside = "|" in line and (inside or bool(_RULE.match(line) or _RULE.match(following)))
        if not inside:
            continue
        for cell in re.split(r"(?<!\\)\|", line):
            if len(_DOLLAR.findall(cell)) % 2:
                yield (
                    number,
                    r"a | ends the table's cell, also within a formula: write \vert, or \mid "
                    "between two parts",
                    line.strip(),
                )
                break


def _invented(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """Prices that are taken for formulas."""
    for number, line in enumerate(lines, 1):
        if found := _PRICE.search(line):
            yield (
                number,
                rf"{found[0]} would be a formula: write \$ where it is a price",
                found[0],
            )


def _lost(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """LaTeX with a blank between it and a dollar, within a paragraph."""
    paragraph: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            paragraph.append(line)
            continue
        text = "\n".join(paragraph)
        for found in _ROOMY.finditer(text):
            at = number - len(paragraph) + text.count("\n", 0, found.start())
            shown = " ".join(found[0].split())
            yield at, f"{shown} is no formula: write no blank inside its dollars", shown
        paragraph = []
