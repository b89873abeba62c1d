"""Where the fenced code blocks of a Markdown page begin and end.

Pages are rendered by Python-Markdown with SuperFences, in which a fence may stand at any
indentation (in lists, admonitions, tabs) and behind block quote marks. `find_fences` reads a page
as SuperFences does. `commonmark_lines` asks a CommonMark parser, which shares no code with it, so
that the two can be compared and no cell is lost in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markdown_it.token import Token

_OPENING = re.compile(r"(?P<prefix>(?:[ \t]*>)*[ \t]*)(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
_CONTAINER = re.compile(r"^([ \t>]*)(?:===[!+]*|\?\?\?\+?)[ \t]+(?=[\"\w])", re.MULTILINE)
_COMMENT = r"<!--(?:(?!--).)*-->[ \t]*$"  # alone on its line, at the margin
_INSIDE = re.compile(rf"^(?:[^`~\n].*(?:```|~~~)|(?!{_COMMENT})[ \t]*<)", re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


class Fence(NamedTuple):
    """A fenced block: its place in the page, what its header says, and its text."""

    line_first: int  # line of the opening fence, from 1
    line_last: int  # line of the closing fence; of the page's end if there is none
    prefix: str  # what stands before the opening fence: indentation and block quote marks
    info: str  # the rest of the opening line: language and options
    source: str  # the lines between, without the prefix
    closed: bool  # whether a closing fence was found

    @property
    def language(self) -> str:
        """The first word of the header, without the dot and brace of its attribute form."""
        word = re.split(r"[\s{}]+", self.info.strip(" \t{."), maxsplit=1)[0]
        return "" if "=" in word else word


def read_text(data: bytes) -> str:
    """The text of a page: UTF-8, with or without a byte-order mark, lines ended by newlines.

    Raises:
        UnicodeDecodeError: if the bytes are not UTF-8.
    """
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def without_front_matter(text: str) -> str:
    """The page with the lines of its YAML front matter blank, so that line numbers stay."""
    found = _FRONT_MATTER.match(text)
    return "\n" * found[0].count("\n") + text[found.end() :] if found else text


def front_matter(text: str) -> str:
    """The YAML front matter of a page, its lines of dashes included; empty if there is none."""
    found = _FRONT_MATTER.match(text)
    return found[0] if found else ""


def find_fences(text: str) -> list[Fence]:
    """Every fenced block of a page, in order; HTML comments hide what is in them."""
    lines = without_front_matter(text).split("\n")
    fences: list[Fence] = []
    comments, comment = "<!--" in text, False
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if comments and (comment or line.lstrip().startswith("<!--")):
            comment = "-->" not in line
            continue
        opening = _opening(line)
        if opening is None:
            continue
        prefix, fence, info = opening
        last = _closing(lines, number, prefix, fence)
        closed = last is not None
        # An unclosed fence ends with its container: it hides nothing that follows, and is reported.
        end = last if last is not None else _container_end(lines, number, prefix)
        rows = lines[number:end]
        if prefix:
            rows = [_dedent(row, prefix) for row in rows]
        body = "\n".join([*rows, ""])
        fences.append(Fence(number, end + closed, prefix, info, body, closed))
        number = end + closed
    return fences


def _opening(line: str) -> tuple[str, str, str] | None:
    if "```" not in line and "~~~" not in line:  # nearly every line
        return None
    found = _OPENING.match(line)
    if found is None or (found["fence"][0] == "`" and "`" in found["info"]):
        return None  # `a` in running text may begin a line, too
    return found["prefix"], found["fence"], found["info"].strip()


def _closing(lines: list[str], start: int, prefix: str, fence: str) -> int | None:
    """The index of the line that closes the fence opened before `start`."""
    quotes, indent = prefix.count(">"), _width(prefix)
    closing = re.compile(rf"{re.escape(fence[0])}{{{len(fence)},}}[ \t]*")
    for index in range(start, len(lines)):
        line = lines[index]
        if not prefix and fence not in line:  # nearly every line
            continue
        text = line.lstrip(" \t>" if quotes else " \t")
        if quotes:
            if text and line.count(">", 0, len(line) - len(text)) < quotes:
                return None  # the quote ended first
        elif indent and text and _width(line[: len(line) - len(text)]) < indent:
            return None  # less indented than its opening: the container ended first
        if text.startswith(fence) and closing.fullmatch(text):
            return index
    return None


def _container_end(lines: list[str], start: int, prefix: str) -> int:
    indent = _width(prefix)
    for index in range(start, len(lines)):
        text = lines[index].lstrip(" \t")
        if text and indent and _width(lines[index][: len(lines[index]) - len(text)]) < indent:
            return index
    return len(lines) if indent else min(start, len(lines))


def _width(prefix: str) -> int:
    return len(prefix.expandtabs(4))


def _dedent(line: str, prefix: str) -> str:
    """The line without as much of the fence's own prefix as it has."""
    if ">" not in prefix:
        expanded = (
            line.expandtabs(4) if line[: len(line) - len(line.lstrip())].count("\t") else line
        )
        width = _width(prefix)
        return expanded[min(width, len(expanded) - len(expanded.lstrip(" "))) :]
    for _ in range(prefix.count(">")):
        line = line.lstrip(" \t").removeprefix(">")
    rest = prefix.rpartition(">")[2]
    return line[min(len(rest), len(line) - len(line.lstrip(" "))) :]


def read_alike(text: str, fences: Iterable[Fence]) -> bool:
    """Whether CommonMark must find the fences that `find_fences` found, and need not be asked.

    It must where all are closed and stand at the margin, and no line begins with HTML, but for
    comments that end on their line: readers of Markdown differ about lists, boxes, quotes and HTML.
    Loading and running the second one takes as long as rendering a page.
    """
    return all(fence.closed for fence in fences) and _INSIDE.search(text) is None


def commonmark_lines(text: str) -> Iterator[tuple[int, str]]:
    """Line and header of every fence that CommonMark sees, in admonitions and tabs as well."""
    for token in _commonmark(text):
        if token.type == "fence" and token.map:
            yield token.map[0] + 1, token.info.strip()


def code_lines(text: str) -> set[int]:
    """The numbers of the lines that are code, fenced or indented."""
    lines = {n for f in find_fences(text) for n in range(f.line_first, f.line_last + 1)}
    for token in _commonmark(text):
        if token.type == "code_block" and token.map:
            lines |= set(range(token.map[0] + 1, token.map[1] + 1))
    return lines


def running_text(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of what a page says in words, without code and HTML, as CommonMark has it."""
    for token in _commonmark(text, inline=True):
        if token.type == "inline" and token.map:
            line = token.map[0] + 1
            for child in token.children or ():
                if child.type == "text":
                    yield line, child.content
                line += child.type in ("softbreak", "hardbreak")


def _commonmark(text: str, inline: bool = False) -> Sequence[Token]:
    from markdown_it import MarkdownIt  # slow to load, and not needed for a page that is known
    from mdit_py_plugins.admon import admon_plugin

    parser = MarkdownIt().use(admon_plugin)
    if not inline:
        parser.disable("inline")
    alike = _CONTAINER.sub(r"\1!!! ", without_front_matter(text))  # tabs nest as admonitions do
    return parser.parse(alike)
