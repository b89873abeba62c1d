r"""The display formulas of a Markdown page, and the comments that say what each of them is for.

A formula between `$$`, between `\[` and `\]`, or in an environment such as `align` is shown by any
renderer. `<!-- claim: ID -->` before it makes it a claim; `let` and `define` make it bind names.
Renderers drop comments, so the page reads the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from handout.page.fences import Fence, without_front_matter

_ENVIRONMENTS = "equation|align|alignat|flalign|gather|multline|eqnarray|dmath"
_PREFIX = r"(?P<prefix>(?:[ \t]*>)*[ \t]*)"
_OPENING = re.compile(
    rf"{_PREFIX}(?P<open>\$\$|\$(?=[ \t]*$)|\\\[|\\begin\{{(?P<name>(?:{_ENVIRONMENTS})\*?)\}})"
    r"(?P<rest>.*)"
)
_COMMENT = re.compile(rf"{_PREFIX}<!--")
_DIRECTIVE = re.compile(r"\s*(?P<word>[A-Za-z]+)\s*(?P<colon>:?)\s*(?P<text>.*?)\s*\Z", re.DOTALL)
_NAMED = re.compile(r"[=\s\"']*(?P<id>[^\s\"'=]+)[\"']?(?P<options>(?:\s+[a-z]+=\"[^\"]*\")*)\Z")
_FORMULA = re.compile(r"[^$]*\\[A-Za-z][^$]*\Z")  # between dollars it is prose
_WITHIN = re.compile(r"<!--(.*?)-->")
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_LITERAL = re.compile(r"[ \t]*<(pre|script|style|textarea)\b", re.IGNORECASE)
_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ \t]+(?P<text>.+?)[ \t]*#*[ \t]*$")
_CONTAINER = re.compile(
    r"[ \t]*(?:[-*+]|\d+[.)]|!!!|\?\?\?\+?|===[!+]*|:|\[\^[^\]]+\]:|///)(?:[ \t]|$)"
)
_ENDING = re.compile(r"[ \t]*(?P<mark>[.,;:]?)[ \t]*$")


class Role(StrEnum):
    """What a formula is for."""

    NONE = ""  # to be shown; nothing is said of it
    CLAIM = "claim"  # to be tested
    LET = "let"  # declares names
    DEFINE = "define"  # defines names by formulas
    EXERCISE = "exercise"  # to be answered by the reader
    SKIP = "skip"  # not to be tested, on a page that claims as a whole


class Comment(NamedTuple):
    """A comment that says what the formula after it is for."""

    role: Role  # a claim, a declaration or a definition
    text: str  # what stands after the colon
    text_line: int  # on which that begins
    line_first: int
    line_last: int
    prefix: str
    problem: str | None = None
    doubtful: bool = False  # perhaps misspelt, perhaps none of ours: an error before a formula only


class Display(NamedTuple):
    """A display formula."""

    line_first: int  # from 1
    line_last: int
    prefix: str  # indentation and block quote marks before it
    source: str  # LaTeX: what stands between the delimiters, or the environment whole
    source_line: int
    heading: str  # the nearest heading above it; empty if there is none
    comment: Comment | None = None
    problem: str | None = None  # why a page cannot hold it like this


class Found(NamedTuple):
    """What a page holds of formulas and of comments about them."""

    displays: list[Display]
    before_fence: dict[int, Comment]  # by the line of the fence that the comment is about
    alone: list[Comment]  # not followed by a formula
    headings: dict[int, str]  # of a line, the heading that stands there


def find_displays(
    text: str, fences: Iterable[Fence], heading: str = "", headings: bool = False
) -> Found:
    """The display formulas of a page and the comments about formulas, in order.

    Args:
        text: the whole page, front matter included.
        fences: its fenced blocks, which hold no formulas of this kind.
        heading: under which the text stands, if it is part of a larger one.
        headings: whether they are wanted of a text without formulas, too.
    """
    found = Found([], {}, [], {})
    if not headings and not any(sign in text for sign in ("$$", r"\[", r"\begin{", "<!--")):
        return found
    lines = without_front_matter(text).split("\n")
    starts = {fence.line_first: fence for fence in fences}
    comment: Comment | None = None
    index = 0
    while index < len(lines):
        line = lines[index]
        fence = starts.get(index + 1)
        if fence is not None:
            if comment is not None:
                found.before_fence[index + 1] = comment
            comment = None
            index = max(fence.line_last, index + 1)
            continue
        if not line.strip(" \t>"):
            index += 1
            continue
        if _COMMENT.match(line):
            if comment is not None:
                found.alone.append(comment)
            comment, index, line = _read_comment(lines, index)
            if comment is not None and comment.role is not Role.CLAIM and comment.text:
                found.alone.append(comment)  # it holds its own formula
                comment = None
            if not line.strip():
                continue
            lines[index] = line  # what follows the comment on its line
        display = _read_display(lines, index, heading, comment)
        if display is not None:
            found.displays.append(display)
            comment = None
            index = display.line_last
            continue
        if comment is not None:
            found.alone.append(comment)
            comment = None
        found.alone.extend(_within(line, index + 1))
        if (literal := _LITERAL.match(line)) is not None:
            end = re.compile(f"</{literal[1]}>", re.IGNORECASE)
            while index < len(lines) - 1 and end.search(lines[index]) is None:
                index += 1
        elif (title := _heading(lines, index)) is not None:
            heading = found.headings[index + 1] = title
        index += 1
    if comment is not None:
        found.alone.append(comment)
    return found


def _heading(lines: Sequence[str], index: int) -> str | None:
    found = _HEADING.match(lines[index])
    if found is not None:
        return found["text"]
    below = lines[index + 1].strip() if index + 1 < len(lines) else ""
    underlined = bool(below) and below.strip("=-") == "" and below.strip("=") in ("", below)
    return lines[index].strip() if underlined and len(below) > 1 else None


def _read_comment(lines: Sequence[str], index: int) -> tuple[Comment | None, int, str]:
    """A comment, where to go on, and what follows it there; None for one that is not for us."""
    first = index
    prefix = _COMMENT.match(lines[index])
    assert prefix is not None
    inside = lines[index][prefix.end() :]
    while "-->" not in inside and index < len(lines) - 1:
        index += 1
        inside += "\n" + lines[index].lstrip(" \t>")
    inside, _, rest = inside.partition("-->")
    comment = _directive(inside, first + 1, index + 1, prefix["prefix"])
    if rest.strip():
        return comment, index, prefix["prefix"] + rest.lstrip()
    return comment, index + 1, ""


def _within(line: str, number: int) -> Iterator[Comment]:
    """The comments about formulas that stand behind something else on their line."""
    if "<!--" not in line:
        return
    for written in _WITHIN.finditer(_CODE.sub("", line)):
        comment = _directive(written[1], number, number, "")
        if comment is not None and not comment.doubtful:
            problem = f"give <!--{written[1]}--> a line of its own, and the formula the next"
            yield comment._replace(role=Role.CLAIM, problem=problem)


def _directive(inside: str, first: int, last: int, prefix: str) -> Comment | None:
    """What a comment says to us, well or badly; None if it is for readers of the source."""
    if inside.startswith("-"):  # <!--- ... --->
        inside = inside.strip("-")
    found = _DIRECTIVE.match(inside)
    if found is None:
        return None
    word, text, colon = found["word"].lower().removesuffix("s"), found["text"], bool(found["colon"])
    role = next((role for role in _SAID if _is_meant(word, role)), None)
    if role is None:
        return None
    problem = None
    if word != role or (not colon and (text or role is Role.CLAIM)):
        instead = _instead(role, text)
        if instead is None:
            return None  # a sentence
        problem = f"write {instead}, with a colon"
        if word != role:
            problem = (
                f"{found['word']!r} says nothing to handout: write {instead}, or begin the comment "
                "with another word"
            )
    elif role is Role.CLAIM and not text:
        problem = "a claim needs a name: write <!-- claim: ID -->"
    text_line = first + inside.count("\n", 0, found.start("text"))
    return Comment(role, text, text_line, first, last, prefix, problem, word != role)


_SAID = (Role.CLAIM, Role.LET, Role.DEFINE)


def _is_meant(word: str, role: Role) -> bool:
    """Whether a word is that of a role, or differs from it as a misprint does.

    One letter is missing, doubled or another one, or two are exchanged; the first is right. An
    ending is none: *claimed* and *defined* begin many a comment.
    """
    if word == role:
        return True
    if word[:1] != role[0] or word.startswith(role.value) or abs(len(word) - len(role)) > 1:
        return False
    same = next((k for k, (a, b) in enumerate(zip(word, role, strict=False)) if a != b), len(word))
    rest, right = word[same:], role[same:]
    swapped = rest[:2] == right[:2][::-1] and rest[2:] == right[2:]
    return swapped or rest[1:] in (right, right[1:]) or rest == right[1:]


def _instead(role: Role, text: str) -> str | None:
    """What to write for a comment without its colon or its word; None if it is a sentence."""
    if not text:
        return "<!-- claim: ID -->" if role is Role.CLAIM else f"<!-- {role} -->"
    if role is not Role.CLAIM:
        return f"<!-- {role}: {' '.join(text.split())} -->" if _FORMULA.match(text) else None
    named = _NAMED.match(text)
    return None if named is None else f"<!-- claim: {named['id']}{named['options']} -->"


def _read_display(
    lines: Sequence[str], index: int, heading: str, comment: Comment | None
) -> Display | None:
    """The display formula that begins on a line; None if none does.

    One that no comment is about must be closed, and stand by itself, to be a formula for the host.
    """
    opening = _OPENING.match(lines[index])
    if opening is None or (comment is None and _is_code(lines, index, opening["prefix"])):
        return None
    if opening["open"] == "$" and not _sets_rows(lines[index + 1 : index + 2]):
        return None
    closing = {"$$": "$$", "$": "$", r"\[": r"\]"}.get(
        opening["open"]
    ) or rf"\end{{{opening['name']}}}"
    text, last, problem = opening["rest"], index, None
    at = _closing(text, closing)
    while at is None and last < len(lines) - 1 and lines[last + 1].strip(" \t>"):
        last += 1
        start = len(text) + 1
        text += "\n" + _without(lines[last], opening["prefix"])
        at = _closing(text, closing, start)
    if at is None:
        problem = f"the formula is not closed by {closing} before a blank line"
        source, rest = text, ""
    else:
        source, rest = text[:at], text[at + len(closing) :]
    ending = _ENDING.match(rest)
    if ending is None:
        problem = f"text follows {closing} on its line: give the formula lines of its own"
    if comment is not None and _is_code(lines, index, opening["prefix"]):
        problem = (
            "Markdown reads this as code: indent the comment and the formula as their list or box, "
            "or not at all"
        )
    if problem is not None and comment is None:
        return None
    if opening["name"]:
        source = f"{opening['open']}{source}{closing}"
    elif ending is not None:
        source += ending["mark"]
    first = index + 1 if comment is None else comment.line_first
    return Display(first, last + 1, opening["prefix"], source, index + 1, heading, comment, problem)


def _sets_rows(behind: Sequence[str]) -> bool:
    """Whether an environment of rows begins on the line behind a dollar: it is displayed there."""
    found = _OPENING.match(behind[0]) if behind else None
    return found is not None and found["name"] is not None


def _closing(text: str, closing: str, start: int = 0) -> int | None:
    """Where a formula is closed; a backslash before a dollar or a bracket makes it a character."""
    at = start
    while (at := text.find(closing, at)) >= 0:
        before = len(text[:at]) - len(text[:at].rstrip("\\"))
        if before % 2 == 0 or closing.startswith(r"\end"):
            return at
        at += 1
    return None


def _without(line: str, prefix: str) -> str:
    """A line without the block quote marks of its container; blanks mean nothing in a formula."""
    for _ in range(prefix.count(">")):
        line = line.lstrip(" \t").removeprefix(">")
    return line


def _is_code(lines: Sequence[str], index: int, prefix: str) -> bool:
    """Whether a line is indented code: four blanks or more, in no list, box or definition."""
    width = len(prefix.expandtabs(4))
    if ">" in prefix or width < 4:
        return False
    for above in range(index - 1, -1, -1):
        text = lines[above].lstrip(" \t")
        if text and len(lines[above][: len(lines[above]) - len(text)].expandtabs(4)) < width:
            while _CONTAINER.match(lines[above]) is None:  # of a paragraph, its first line tells
                above -= 1
                if above < 0 or not lines[above].strip():
                    return True
            return False
    return True


_GROUP = re.compile(r"\{[^{}]*\}")
_RELATION = re.compile(
    r"(?<!\\)[=<>≤≥≈≠≡∈∼∝]|\\(?:"
    r"leq?|geq?|leqslant|geqslant|lt|gt|neq?|approx|equiv|propto|sim|simeq|cong|doteq|triangleq|"
    r"coloneqq?|eqqcolon|ll|gg|prec|succ|preceq|succeq|in|ni|subset|subseteq|supset|supseteq|"
    r"implies|iff|Rightarrow|Leftrightarrow|perp|parallel"
    r")(?![A-Za-z])"
)
_SIGN_IN_GROUP = re.compile(r"(?<=\})\s*\{\s*(=|[<>]|\\[A-Za-z]+)\s*\}")  # \overset{def}{=}
_DEFINES = re.compile(
    r":=|\\(?:coloneqq|triangleq|eqdef|defeq|vcentcolon|overset|stackrel)(?![A-Za-z])"
)


def states_something(latex: str) -> bool:
    r"""Whether a formula holds a relation, but for those in groups, as in `\sum_{i=1}`."""
    text = re.sub(r"\\boxed\s*\{(.*)\}", r"\1", latex, flags=re.DOTALL)
    text = re.sub(r"\\(?:begin|end)\s*\{[^{}]*\}", " ", text)
    text = _SIGN_IN_GROUP.sub(r" \1 ", text)
    while (shorter := _GROUP.sub(" ", text)) != text:
        text = shorter
    return _RELATION.search(text) is not None


def may_define(latex: str) -> bool:
    """Whether a sign that defines stands in a formula."""
    return _DEFINES.search(latex) is not None


def slug(heading: str) -> str:
    """A heading as the beginning of an id: its words, in lower case."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"\\[A-Za-z]+|[$`*_]", " ", heading).lower())
    return "-".join(words)


def beside(lines: Sequence[str], display: Display) -> Iterator[tuple[int, str]]:
    """Number and text of the lines of the paragraphs right before and right after a formula."""
    for start, step in ((display.line_first - 2, -1), (display.line_last, 1)):
        index = start
        while 0 <= index < len(lines) and not lines[index].strip():
            index += step
        while 0 <= index < len(lines) and lines[index].strip():
            yield index + 1, lines[index]
            index += step
