"""Text as a terminal shows it: what is overwritten is gone, colours stay, nothing else acts.

A progress bar that returns to the start of its line is one line, the last that it wrote. Of escape
sequences, those that colour, move and erase are followed; titles, links, bells and null characters
leave no trace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TOKEN = re.compile(
    r"\x1b\[(?P<numbers>[0-9;:]*)[ -/]*(?P<final>[@-~])"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]).*?(?:\x07|\x1b\\|\x9c)"  # a string of the terminal's
    r"|\x1b\[[<-?][0-9;:]*[ -/]*[@-~]"  # a private sequence: a cursor hidden, a screen saved
    r"|\x1b[ -/]*[0-Z\\^-~]"
    r"|(?P<control>[\x00-\x09\x0a-\x1f\x7f-\x9f])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)",
    re.DOTALL,
)
_WIDEST = 1000  # columns: a cursor goes no further to the right
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_SWITCHES = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "struck"}
_SWITCHES_OFF = {
    22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("reverse",), 29: ("struck",),
}  # fmt: skip
_PROPERTIES = {"fg": "color", "bg": "background-color"}

_Style = tuple[tuple[str, str], ...]  # pairs of a property and its value, sorted


def console_html(text: str) -> str:
    """The text with its control characters carried out, as HTML."""
    if not _CONTROL.search(text):
        return escape(text)
    screen = _Screen()
    for token in _TOKEN.finditer(text):
        if token["text"] is not None:
            screen.write(token["text"])
        elif token["control"] is not None:
            screen.control(token["control"])
        elif token["final"] is not None:
            screen.sequence(token["final"], token["numbers"].replace(":", ";"))
    return "\n".join("".join(_spans(row)) for row in screen.rows)


def _spans(row: list[tuple[str, _Style]]) -> Iterator[str]:
    for style, group in groupby(row, key=lambda cell: cell[1]):
        text = escape("".join(character for character, _ in group))
        yield f"<span {_attributes(style)}>{text}</span>" if style else text


def _attributes(style: _Style) -> str:
    """Classes for what has a name, which the site's style knows; exact colours as they are."""
    exact = {name: value for name, value in style if value.startswith("#")}
    named = [f"ansi-{name}" + (f"-{value}" if value else "") for name, value in style
             if name not in exact]  # fmt: skip
    properties = [f"{_PROPERTIES[name]}:{value}" for name, value in exact.items()]
    written = [f'class="{" ".join(named)}"'] * bool(named)
    return " ".join(written + [f'style="{";".join(properties)}"'] * bool(properties))


class _Screen:
    """What has been written so far: rows of characters with their styles, and a cursor."""

    def __init__(self) -> None:
        self.rows: list[list[tuple[str, _Style]]] = [[]]
        self.row = self.column = 0
        self.style: dict[str, str] = {}
        self._frozen: _Style = ()

    def write(self, text: str) -> None:
        """Write printable characters over what stands there."""
        row = self.rows[self.row]
        row += [(" ", ())] * (self.column - len(row))
        row[self.column : self.column + len(text)] = [(c, self._frozen) for c in text]
        self.column += len(text)

    def control(self, character: str) -> None:
        """Carry out a control character."""
        if character == "\n":
            self.row, self.column = self.row + 1, 0
            if self.row == len(self.rows):
                self.rows.append([])
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character == "\t":
            self.write("\t")

    def sequence(self, final: str, numbers: str) -> None:
        """Carry out an escape sequence, if it moves, erases or colours."""
        given = [int(number[:4]) if number else 0 for number in numbers.split(";")]
        count = max(1, given[0])
        if final == "m":
            self._colour(given)
        elif final == "A":
            self.row = max(0, self.row - count)
        elif final == "B":
            self.row = min(len(self.rows) - 1, self.row + count)
        elif final == "C":
            self.column = min(max(self.column, _WIDEST), self.column + count)
        elif final == "D":
            self.column = max(0, self.column - count)
        elif final == "G":
            self.column = min(_WIDEST, count) - 1
        elif final == "K":
            self._erase(given[0])
        elif final == "J" and given[0] in (2, 3):
            self.rows, self.row, self.column = [[]], 0, 0

    def _erase(self, what: int) -> None:
        """Erase the row after the cursor (0), before it (1), or all of it (2)."""
        row = self.rows[self.row]
        if what == 0:
            del row[self.column :]
        elif what == 1:
            row[: self.column] = [(" ", ())] * min(self.column, len(row))
        else:
            row.clear()

    def _colour(self, given: list[int]) -> None:
        """Set the style in which what follows is written."""
        numbers = iter(given)
        for number in numbers:
            if number == 0:
                self.style.clear()
            elif number in _SWITCHES:
                self.style[_SWITCHES[number]] = ""
            elif number in _SWITCHES_OFF:
                for name in _SWITCHES_OFF[number]:
                    self.style.pop(name, None)
            elif number in (38, 48):
                self._set("fg" if number == 38 else "bg", _exact(numbers))
            elif number in (39, 49):
                self.style.pop("fg" if number == 39 else "bg", None)
            elif 30 <= number <= 37 or 90 <= number <= 97:
                self._set("fg", _named(number))
            elif 40 <= number <= 47 or 100 <= number <= 107:
                self._set("bg", _named(number))
        self._frozen = tuple(sorted(self.style.items()))

    def _set(self, name: str, colour: str | None) -> None:
        if colour is not None:
            self.style[name] = colour


def _named(number: int) -> str:
    """The name of one of sixteen colours; those from 90 on are bright."""
    return ("bright-" if number >= 90 else "") + _NAMES[number % 10]


def _exact(numbers: Iterator[int]) -> str | None:
    """A colour of 256, or one that is given by red, green and blue."""
    kind = next(numbers, 0)
    if kind == 2:
        return "#" + "".join(f"{min(next(numbers, 0), 255):02x}" for _ in range(3))
    if kind != 5:
        return None
    index = min(next(numbers, 0), 255)
    if index < 16:
        return ("bright-" if index > 7 else "") + _NAMES[index % 8]
    if index >= 232:
        return "#" + f"{8 + 10 * (index - 232):02x}" * 3
    steps = (0, 95, 135, 175, 215, 255)
    index -= 16
    return "#" + "".join(f"{steps[i]:02x}" for i in (index // 36, index // 6 % 6, index % 6))
