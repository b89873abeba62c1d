r"""LaTeX source to tokens, in one pass.

A token is what TeX reads as one thing, except that the digits of a number stay together, and that
the words in \text{..} are one token. Spacing is no token: what stands before a token as spacing
macros is its `space`, in em, for a \quad separates what stands on its two sides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from edf.equations.diagnostics import EquationError, Why
from edf.equations.latex.characters import of_character

MAX_LENGTH = 10_000  # characters of one claim
MAX_TOKENS = 20_000  # tokens of one claim, with its macros replaced by what they stand for
QUAD = 1.0  # spacing from which on it separates, in em

_TOKEN = re.compile(
    r"(?P<environment>\\(?:begin|end)\s*\{[A-Za-z]+\*?\})"
    r"|(?P<hidden>\\(?:label|tag\*?|notag|nonumber|displaystyle|textstyle|limits|nolimits"
    r"|blacksquare)(?![A-Za-z])(?:(?<=label)\s*\{[^{}]*\}|(?<=tag|ag\*)\s*(?:\{[^{}]*\}|[^\s{*]))?)"
    r"|(?P<colour>\\(?:text)?color\s*(?:\[[^]]*\]\s*)?\{[^{}]*\})"
    r"|(?P<words>\\(?:text|textrm|textbf|textit|textsf|texttt|textnormal|mbox|hbox)(?=\s*\{))"
    r"|(?P<skip>\\(?:hspace\*?|hskip|kern|mspace|mskip|mkern)\s*\{?\s*(?P<width>-?[0-9.]+)\s*"
    r"(?P<unit>em|ex|pt|cm|mm|in|mu|pc)\s*\}?)"
    r"|(?P<macro>\\(?:[A-Za-z]+|.))"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?|(?<![0-9.])\.[0-9]+)"
    r"|(?P<blank>\s+)"
    r"|(?P<comment>%[^\n]*)"
    r"|(?P<dots>\.{3,})"
    r"|(?P<letter>[A-Za-z])"
    r"|(?P<sign>:=|\|\||[-+*/=^_{}()\[\]|&,.;:'!<>~$])",
    re.DOTALL,
)
_SPACES = {
    r"\,": 3 / 18, r"\:": 4 / 18, r"\>": 4 / 18, r"\;": 5 / 18, r"\!": -3 / 18, "\\ ": 1 / 4,
    "\\\n": 1 / 4, "~": 1 / 4, r"\enspace": 1 / 2, r"\quad": 1.0, r"\qquad": 2.0, r"\hfill": 1.0,
    r"\thinspace": 3 / 18, r"\medspace": 4 / 18, r"\thickspace": 5 / 18, r"\negthinspace": -3 / 18,
}  # fmt: skip
_UNITS = {
    "em": 1.0, "ex": 0.43, "pt": 0.1, "pc": 1.2, "cm": 2.85, "mm": 0.285, "in": 7.2, "mu": 1 / 18,
}  # fmt: skip
_SYNONYMS = {  # spellings that typeset alike
    r"\ne": r"\neq", r"\le": r"\leq", r"\ge": r"\geq", r"\lt": "<", r"\gt": ">",
    r"\leqslant": r"\leq", r"\geqslant": r"\geq",
    r"\lbrack": "[", r"\rbrack": "]", r"\Vert": r"\|", r"\vert": "|",
    r"\Arrowvert": r"\|", r"\arrowvert": "|",
    r"\lbrace": r"\{", r"\rbrace": r"\}",
    r"\cr": r"\\", r"\newline": r"\\", r"\tabularnewline": r"\\",
    r"\dotsc": r"\dots", r"\dotsb": r"\dots", r"\dotsm": r"\dots", r"\dotsi": r"\dots",
    r"\dotso": r"\dots", r"\land": r"\wedge", r"\lor": r"\vee", r"\gets": r"\leftarrow",
    r"\triangledown": r"\nabla",
}  # fmt: skip
#: Font switches of old, `{\bf x}`, and the macros that do the same.
_SWITCHES = {
    r"\bf": r"\mathbf", r"\cal": r"\mathcal", r"\rm": r"\mathrm", r"\it": r"\mathit",
    r"\sf": r"\mathsf", r"\tt": r"\mathtt",
}  # fmt: skip
_LETTER_BY_LETTER = frozenset([r"\bf", r"\cal"])  # of a switch to another font, letters are a word
#: Characters that stand for a macro or for an ASCII character.
_CHARACTERS = {
    "−": "-", "·": r"\cdot", "×": r"\times", "∘": r"\circ", "⊙": r"\odot", "≤": r"\leq",
    "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "∂": r"\partial", "∇": r"\nabla", "∑": r"\sum",
    "∏": r"\prod", "∞": r"\infty", "ℓ": r"\ell", "∈": r"\in", "∀": r"\forall", "→": r"\to",
    "⇒": r"\Rightarrow", "√": r"\sqrt", "′": "'", "…": r"\dots", "⋯": r"\cdots", "∥": r"\|",
    "∣": r"\mid", "⟨": r"\langle", "⟩": r"\rangle", "ϵ": r"\epsilon", "ε": r"\varepsilon",
    "φ": r"\varphi", "ϕ": r"\phi", "ϑ": r"\vartheta", "ϱ": r"\varrho",
    **dict(zip("αβγδζηθικλμνξπρστυχψω", [
        rf"\{name}" for name in
        "alpha beta gamma delta zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon"
        " chi psi omega".split()
    ], strict=True)),
    **dict(zip("ΓΔΘΛΞΠΣΥΦΨΩ", [
        rf"\{name}" for name in
        "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
    ], strict=True)),
    "\u00a0": " ", "\u2009": " ", "\u200b": " ",
}  # fmt: skip
#: Macros that authors define for themselves, all in this way; their own definitions go before.
COMMON_MACROS: Mapping[str, str] = {
    "grad": r"\nabla", "E": r"\mathbb{E}", "R": r"\mathbb{R}",
    "norm": r"\lVert #1 \rVert", "abs": r"\lvert #1 \rvert", "T": r"^{\top}",
    **{
        word: rf"\operatorname{{{word}}}"
        for word in "Cov cov Var var Corr corr tr diag sgn sign rank softmax relu KL".split()
    },
}  # fmt: skip
#: Macros of a package that typesetters know by themselves.
_OF_EXTREMA = {word: rf"\operatorname*{{{word}}}" for word in ("argmin", "argmax")}


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind (`macro`, `number`, `letter`, `sign`, `environment`, `words`, `end`)."""

    kind: str
    text: str
    at: int  # character offset in the source
    after: int  # offset of the first character behind it
    space: float = 0.0  # spacing macros before it, in em
    blank: bool = False  # whether a blank stands before it
    inner: str = ""  # of words, what is in the braces

    @property
    def spaced(self) -> bool:
        """Whether a spacing macro stands before it."""
        return self.space != 0

    @property
    def separated(self) -> bool:
        """Whether spacing of a quad or more stands before it."""
        return self.space >= QUAD


def tokenise(source: str, macros: Mapping[str, str] | None = None) -> list[Token]:
    r"""Return the tokens of `source` and a final one of kind `end`.

    Args:
        source: LaTeX.
        macros: What macros of the author stand for, `{"R": r"\mathbb{R}", "abs": r"|#1|"}`; their
            tokens have the position of the macro.

    Raises:
        EquationError: The source is too long, or holds a character that no formula needs.
    """
    if len(source) > MAX_LENGTH:
        raise EquationError(
            Why.NO_CLAIM,
            f"The claim has {len(source)} characters; {MAX_LENGTH} are read: split it",
            source[:MAX_LENGTH],
            MAX_LENGTH,
        )
    tokens = _scanned(source)
    tokens = _Expansion(source, {**COMMON_MACROS, **_OF_EXTREMA, **(macros or {})}).expanded(tokens)
    tokens = _without_empty_braces(_without_switches(tokens))
    end = tokens.pop()
    return [*tokens, replace(end, text="the end of the formula")]


def _without_empty_braces(tokens: list[Token]) -> list[Token]:
    r"""Leave out {} behind a delimiter, as in a \vert{} b, where it shows nothing."""
    kept: list[Token] = []
    place = 0
    while place < len(tokens):
        empty = tokens[place].text == "{" and tokens[place + 1 : place + 2]
        if empty and empty[0].text == "}" and kept and kept[-1].text in ("|", ")", "]", "&", r"\\"):
            behind = tokens[place + 2]
            if behind.text not in ("_", "^"):
                tokens[place + 2] = replace(behind, blank=True)
                place += 2
                continue
        kept.append(tokens[place])
        place += 1
    return kept


def _without_switches(tokens: list[Token]) -> list[Token]:
    r"""Write {\bf x^k} and _{\rm max} as {\mathbf{x}^\mathbf{k}} and _{\mathrm{max}}.

    A switch holds to the end of its group, and changes letters and digits alone.
    """
    if not any(token.text in _SWITCHES for token in tokens):
        return tokens
    done: list[Token] = []
    switches: list[str] = [""]  # the one that holds, for each group that is open
    place = 0
    while place < len(tokens):
        token = tokens[place]
        place += 1
        if token.text in _SWITCHES and token.kind == "macro":
            switches[-1] = token.text
            continue
        if token.text == "{":
            switches.append(switches[-1])
        elif token.text == "}" and len(switches) > 1:
            switches.pop()
        if not switches[-1] or token.kind not in ("letter", "number"):
            done.append(token)
            continue
        run = [token]
        while switches[-1] not in _LETTER_BY_LETTER and tokens[place].kind in ("letter", "number"):
            run.append(tokens[place])
            place += 1
        font = replace(token, kind="macro", text=_SWITCHES[switches[-1]])
        opened, closed = (replace(token, kind="sign", text=s, space=0.0, blank=False) for s in "{}")
        done += [font, opened, replace(run[0], space=0.0, blank=False), *run[1:], closed]
    return done


def _scanned(source: str) -> list[Token]:
    """Return the tokens as written, and the end."""
    tokens: list[Token] = []
    position, space, blank = 0, 0.0, False
    while position < len(source):
        match = _TOKEN.match(source, position)
        start = position
        if match is None:
            kind, text, position = _character(source, position)
            if not text.strip():
                blank = True
                continue
        else:
            kind, text, position = str(match.lastgroup), match[0], match.end()
            if match["skip"]:
                space += float(match["width"]) * _UNITS[match["unit"]]
                continue
        if text in _SPACES:
            space += _SPACES[text]
            continue
        if kind in ("blank", "comment", "hidden", "colour"):
            blank = True
            continue
        inner = ""
        if kind == "dots":
            kind, text = "macro", r"\dots"
        if kind == "environment":
            text = re.sub(r"\s", "", text)
        elif kind == "words":
            inner, position = _braced(source, position)
        text = _SYNONYMS.get(text, text)
        tokens.append(Token(kind, text, start, position, space, blank, inner))
        space, blank = 0.0, False
    tokens.append(Token("end", "", len(source), len(source), space))
    return tokens


def _character(source: str, position: int) -> tuple[str, str, int]:
    """Return the kind, text and end of a character outside ASCII."""
    text = _CHARACTERS.get(source[position])
    if text is None:
        raise EquationError(Why.NOTATION, _stray(source[position]), source, position)
    kind = "macro" if text.startswith("\\") else "sign"
    return kind, text, position + 1


def _braced(source: str, position: int) -> tuple[str, int]:
    """Return what the braces at `position` hold, and where they end."""
    start = source.index("{", position)
    depth = 0
    for place in range(start, len(source)):
        depth += {"{": 1, "}": -1}.get(source[place], 0)
        if depth == 0:
            return source[start + 1 : place], place + 1
    raise EquationError(Why.UNFINISHED, "{ is opened here and never closed: add }", source, start)


def _stray(character: str) -> str:
    if character == "\\":
        return "A backslash ends the formula: write the macro's name, or \\\\ for a new row"
    if character == "#":
        return "# stands in the definition of a macro: write that on a line of its own"
    if character in '@`"?':
        return f"{character} has no meaning in a formula: leave it out"
    return of_character(character)


# --------------------------------------------------------------------------------- authors' macros


class _Expansion:
    """Replaces the macros of an author, again and again, until none is left."""

    def __init__(self, source: str, macros: Mapping[str, str]) -> None:
        self.source = source
        self.bodies = {f"\\{name.lstrip(chr(92))}": body for name, body in macros.items()}
        self.count = 0

    def expanded(self, tokens: list[Token]) -> list[Token]:
        waiting = tokens[::-1]
        done: list[Token] = []
        while waiting:
            token = waiting.pop()
            body = self.bodies.get(token.text) if token.kind == "macro" else None
            if body is None:
                done.append(token)
                continue
            arguments = [self._argument(waiting, token) for _ in range(_arity(body))]
            replaced = self._replaced(body, arguments, token)
            self.count += 1 + len(replaced)
            if self.count > MAX_TOKENS:
                raise EquationError(
                    Why.NOTATION,
                    f"The macro {token.text} stands for itself, or for very much: "
                    "write out what it is",
                    self.source,
                    token.at,
                )
            if replaced:
                replaced[0] = replace(replaced[0], space=replaced[0].space + token.space)
            waiting += replaced[::-1]
        return done

    def _argument(self, waiting: list[Token], macro: Token) -> list[Token]:
        """Take one argument: braces with what they hold, or one token."""
        found: list[Token] = []
        depth = 0
        while waiting and waiting[-1].kind != "end":
            token = waiting.pop()
            depth += {"{": 1, "}": -1}.get(token.text, 0) if token.kind == "sign" else 0
            found.append(token)
            if depth == 0:
                return found[1:-1] if found[0].text == "{" else found
        raise EquationError(
            Why.UNFINISHED, f"An argument of {macro.text} is missing", self.source, macro.at
        )

    def _replaced(self, body: str, arguments: list[list[Token]], macro: Token) -> list[Token]:
        tokens: list[Token] = []
        for piece in re.split(r"(#[1-9])", body):
            if re.fullmatch(r"#[1-9]", piece):
                tokens += arguments[int(piece[1]) - 1]
                continue
            try:
                scanned = _scanned(piece)[:-1]
            except EquationError as error:
                raise EquationError(
                    error.why, f"In the macro {macro.text}: {error.message}", self.source, macro.at
                ) from None
            tokens += [replace(token, at=macro.at, after=macro.after) for token in scanned]
        return tokens


def _arity(body: str) -> int:
    return max((int(number) for number in re.findall(r"#([1-9])", body)), default=0)
