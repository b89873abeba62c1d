"""The options of a cell, as written in its fence: `key="value"`, each validated, none guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

STATUSES = ("verified", "refuted", "inconclusive", "error")
SHOWN = ("both", "code", "output", "folded", "none")

_OPTION = re.compile(
    r"""\s*(?P<key>[^\s="'{}]+)(?:=(?P<quote>["'])(?P<value>.*?)(?P=quote)(?=\s|$))?"""
)
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]*")
_READING = re.compile(r"componentwise( [A-Za-z])+|base [01]|layout (numerator|denominator)")


class OptionError(ValueError):
    """An option that cannot be used; the message says which, and what to write instead."""


class Option(NamedTuple):
    """One option of a fence."""

    name: str  # as written before the equals sign
    values: str  # what may be written after it, in Markdown, for the reference
    meaning: str  # one sentence, likewise
    read: Callable[[str], object]  # the checked value; raises OptionError


def _word(choices: Iterable[str]) -> Callable[[str], str]:
    allowed = tuple(choices)

    def read(value: str) -> str:
        if value not in allowed:
            raise OptionError(f"must be one of {listed(allowed)}{suggestion(value, allowed)}")
        return value

    return read


def _identifier(value: str) -> str:
    if not _IDENTIFIER.fullmatch(value):
        raise OptionError(
            "must be letters (a to z), digits, and any of - _ . : after the first, as in "
            "softmax-backward"
        )
    return value


def _python_expectation(value: str) -> str:
    words = value.split()
    if words == ["ok"]:
        return "ok"
    if len(words) == 2 and words[0] == "raises" and words[1].isidentifier():
        return " ".join(words)
    raise OptionError('must be "ok" or "raises NameOfError"')


def _statuses(value: str) -> tuple[str, ...]:
    words = tuple(value.split())
    for word in words:
        if word not in STATUSES:
            raise OptionError(
                f"must be one word, or one for each step, of {listed(STATUSES)}; "
                f"not {word!r}{suggestion(word, STATUSES)}"
            )
    if not words:
        raise OptionError(f"must be one or more of {listed(STATUSES)}")
    return words


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise OptionError("must be a number of seconds above 0")
    return seconds


def _count(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 100_000:
        raise OptionError("must be a whole number from 1 to 100000")
    return int(value)


def _seed(value: str) -> int:
    if not value.isascii() or not value.isdigit() or int(value) >= 1 << 32:
        raise OptionError("must be a whole number from 0 to 4294967295")
    return int(value)


def _reading(value: str) -> str:
    parts = [" ".join(part.split()) for part in value.split(",")]
    if not all(_READING.fullmatch(part) for part in parts):
        raise OptionError(
            'must be "componentwise" and an index, as in "componentwise i", "base 0" or "base 1", '
            'or "layout numerator" or "layout denominator"'
        )
    return ", ".join(parts)


def _source(value: str) -> str:
    if not re.fullmatch(r"[a-z]+", value):
        raise OptionError("must be one word that may follow *wrong as*, as in posted or published")
    return value


def _text(value: str) -> str:
    return value


def _lines(value: str) -> str:
    if not re.fullmatch(r"\d+(-\d+)?( \d+(-\d+)?)*", value):
        raise OptionError("must be numbers of lines or ranges of them, with blanks between")
    return value


def _hints(value: str) -> tuple[str, ...]:
    hints = tuple(hint.strip() for hint in value.split("|"))
    if not all(hints):
        raise OptionError("must be one hint, or several with | between")
    return hints


_QUOTED = Option(
    "quoted",
    "a word, as `posted`",
    "Whose mistake it is, where one is expected and found: its card says *wrong as posted*.",
    _source,
)
_EXERCISE = (
    Option(
        "exercise", "a name", "Let the reader answer, in place of `?` or of the code.", _identifier
    ),
    Option("hint", "text", "Hints for an exercise, shown one by one; `|` stands between.", _hints),
)
PYTHON: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("exec", "`on`", "Run the cell; a fence without it is only shown.", _word(["on"])),
        Option("id", "a name", "The name of the cell's own verdict.", _identifier),
        Option("title", "text", "A title over the code.", _text),
        Option(
            "linenums",
            "a number",
            "The number of the first line; lines have none by default.",
            _count,
        ),
        Option("hl_lines", "numbers, ranges", "Lines to highlight, as in `2 4-6`.", _lines),
        Option(
            "show",
            "`both` (default), `code`, `output`, `folded`, `none`",
            "What of the cell is shown; `folded` is both, with the code to be opened.",
            _word(SHOWN),
        ),
        Option(
            "expect",
            "`ok` (default), `raises NameOfError`",
            "How the cell must end.",
            _python_expectation,
        ),
        _QUOTED,
        Option("timeout", "seconds", "The longest that the cell may run.", _seconds),
        *_EXERCISE,
        Option("points", "a number", "What a right answer to an exercise is worth.", _count),
    )
}
MATH: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("claim", "a name", "Test the formula, under this name.", _identifier),
        Option(
            "expect",
            "`verified` (default), `refuted`, `inconclusive`, `error`",
            "The verdict that is expected; one word, or one for each step of a chain.",
            _statuses,
        ),
        _QUOTED,
        Option(
            "reading",
            "`componentwise i`, `componentwise i j`, `base 0`, `base 1`, `layout numerator`, "
            "`layout denominator`",
            "Read bare vectors (and matrices) by component; count numbered components from 0 or "
            "from 1; lay out derivatives by a bare vector. Several with commas between.",
            _reading,
        ),
        Option("loss", "a name", "The node that `x.\\text{grad}` is the gradient of.", _identifier),
        Option(
            "points",
            "a number",
            "How many random points to test at; of an exercise, what a right answer is worth.",
            _count,
        ),
        *_EXERCISE,
        Option(
            "unreached",
            "`ok`",
            "Accept that no point reaches some side of a threshold, such as a case or a clip.",
            _word(["ok"]),
        ),
        Option(
            "seed", "a number", "Which random points: the seed that they are drawn with.", _seed
        ),
    )
}


def read_options(text: str, known: Mapping[str, Option]) -> dict[str, object]:
    """The options in a fence's header, after its language.

    Raises:
        OptionError: for anything that is not a known `key="value"` with a good value.
    """
    options: dict[str, object] = {}
    position = 0
    while text[position:].strip():
        found = _OPTION.match(text, position)
        if found is None or found["value"] is None:
            raise OptionError(f'options are written key="value", not {text[position:].strip()!r}')
        key, value = found["key"], found["value"]
        if found["quote"] in value:
            raise OptionError(
                f"option {key!r} has another {found['quote']} in its value: options are separated "
                "by blanks, and a value holds no quote of the kind around it"
            )
        if key not in known:
            raise OptionError(f"unknown option {key!r}{suggestion(key, known)}")
        if key in options:
            raise OptionError(f"option {key!r} is given twice")
        try:
            options[key] = known[key].read(value)
        except OptionError as error:
            raise OptionError(f"option {key}={value!r} {error}") from None
        position = found.end()
    return options


def suggestion(word: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a message."""
    from difflib import get_close_matches  # most builds need none

    near = get_close_matches(word.lower(), list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {listed(known)}"


def listed(words: Iterable[str]) -> str:
    """The words, comma-separated."""
    return ", ".join(words)
