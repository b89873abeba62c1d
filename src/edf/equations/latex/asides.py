r"""What stands beside a formula: numbers, conditions, ranges and remarks.

    (1)    \text{(2a)}    i = 1, \dots, n    \forall i    \text{for } i \neq j    \text{if } x > 0

A remark in words changes nothing of what is claimed. A condition does, so one that is not
understood is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from edf.equations.diagnostics import EquationError
from edf.equations.latex.syntax import Aside, Number, Relation, Symbol, Tree, walk
from edf.equations.latex.tokens import Token, tokenise
from edf.equations.latex.vocabulary import (
    CONDITION_WORDS,
    CONNECTIVES,
    DOTS,
    GREEK,
    IMPLICATIONS,
    IMPLYING_WORDS,
    REASON_WORDS,
    RELATIONS,
)

_QUANTIFIERS = frozenset([r"\forall", r"\exists", r"\because"])
_ORDER = frozenset(["<", ">", r"\leq", r"\geq", r"\neq"])
_FOR_ALL = re.compile(r"(?:and )?(?:for|with)?(?: (?:all|each|every|any|some))?", re.IGNORECASE)
_LETTERS = re.compile(r"[A-Za-z](?:(?:,| and)? [A-Za-z])*")
_STATED = re.compile(
    r"(?:^|\\forall|(?:all|each|every|for)\s*\}|,)\s*([a-z])(?=\s*(?:$|,|=|\\in(?![A-Za-z])))"
)
_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9_.-]|\\_)*")
_NAMES = re.compile(rf"{_NAME.pattern}(?: {_NAME.pattern})*")


def is_aside(tokens: Sequence[Token], behind: bool, new_row: bool = False) -> bool:
    """Whether tokens begin with what is said beside a formula; `behind` one, if it says so."""
    first = tokens[0]
    if first.text in _QUANTIFIERS:
        return True
    if first.kind == "words":
        if is_implication(first):
            return False
        said = first.inner.strip()
        if _first_word(said) in CONDITION_WORDS and not _is_name_ahead(tokens):
            return True
        if behind and _first_word(said) in REASON_WORDS and not _is_name_ahead(tokens):
            return True
        if _NAMES.fullmatch(said) and tokens[1].text in RELATIONS:
            return False  # \text{half life} = ..
        if first.text in (r"\textbf", r"\textit") and len(said) == 1:
            return False  # a font
        return not _NAME.fullmatch(said) or (behind and tokens[1].kind == "end")
    if first.text in (r"\mathrm", r"\operatorname") and tokens[1].text == "{":
        word = "".join(token.text for token in tokens[2:12]).split("}")[0]
        return word in CONDITION_WORDS
    if behind and not new_row and (_is_bracketed(tokens) or _is_inequation(tokens)):
        return True
    return behind and (_is_number(tokens) or _is_range(tokens) or _is_type(tokens))


def stated_in(claim: Tree) -> frozenset[str]:
    r"""Return the letters of which a claim says beside it that it holds for all: \forall t."""
    said = [tree.text for tree in walk(claim) if isinstance(tree, Aside)]
    return frozenset(letter for text in said for letter in _STATED.findall(text))


def is_connective(token: Token) -> bool:
    """Whether words stand between two statements: and, so, where, then."""
    words = _words(token)
    return (bool(words) and all(word in CONNECTIVES for word in words)) or is_implication(token)


def is_implication(token: Token) -> bool:
    """Whether a sign or words say that one statement follows from another."""
    return token.text in IMPLICATIONS or " ".join(_words(token)) in IMPLYING_WORDS


def _words(token: Token) -> list[str]:
    return token.inner.lower().replace(",", " ").split() if token.kind == "words" else []


def _first_word(said: str) -> str:
    return (said.split() or [""])[0].lower().rstrip(",:")


def _is_name_ahead(tokens: Sequence[Token]) -> bool:
    return tokens[1].text in RELATIONS or tokens[1].text in ("(", "_", "^")


def _is_number(tokens: Sequence[Token]) -> bool:
    """(1), (2a), (3.4) or [5] with nothing behind it in its row."""
    closing = {"(": ")", "[": "]"}.get(tokens[0].text)
    for k, token in enumerate(tokens[1:6], 1):
        if token.text == closing:
            ends = tokens[k + 1].kind == "end" or tokens[k + 1].text in (r"\\", "&")
            return k > 1 and (ends or tokens[k + 1].text.startswith(r"\end"))
        if token.kind not in ("number", "letter") and token.text not in (".", "*", "'", "-"):
            return False
    return False


def _is_bracketed(tokens: Sequence[Token]) -> bool:
    r"""(x > 0), [0 < x < 1] or (i = 1, \dots, n) with nothing behind it in its row."""
    closing = {"(": ")", "[": "]"}.get(tokens[0].text)
    if closing is None:
        return False
    level, is_said = 0, _is_range(tokens[1:])
    for k, token in enumerate(tokens):
        level += token.text in ("(", "[", "{")
        level -= token.text in (")", "]", "}")
        is_said = is_said or (level == 1 and token.text in _ORDER)
        if level == 0:
            return is_said and token.text == closing and _ends(tokens[k + 1 :])
    return False


def _is_inequation(tokens: Sequence[Token]) -> bool:
    r"""x \neq 0 with no other relation up to the end of its row, which nobody would claim."""
    signs = []
    for token in tokens:
        if token.kind == "end" or token.text in ("&", r"\\") or token.text.startswith(r"\end"):
            break
        if token.text in RELATIONS or token.kind == "words":
            signs.append(token.text)
    return set(signs) == {r"\neq"}


def _ends(tokens: Sequence[Token]) -> bool:
    """Whether a row ends here, perhaps with a full stop."""
    first = tokens[1] if tokens[0].text in (".", ",", ";") and len(tokens) > 1 else tokens[0]
    return first.kind == "end" or first.text in (r"\\", "&") or first.text.startswith(r"\end")


def _is_range(tokens: Sequence[Token]) -> bool:
    r"""i = 1, \dots, n, or i = 1, 2, 3"""
    if not _is_letter(tokens[0]):
        return False
    for token in tokens[1:12]:
        if token.text in DOTS:
            return tokens[1].text in ("=", r"\in", ",")
        if token.kind == "end" or token.text in (r"\\", "&", r"\quad") or token.separated:
            return False
    return False


def _is_letter(token: Token) -> bool:
    return token.kind == "letter" or token.text in GREEK


def _is_type(tokens: Sequence[Token]) -> bool:
    r"""f : \mathbb{R}^n \to \mathbb{R}, or x, y \in \mathbb{R}^n"""
    while _is_letter(tokens[0]) and tokens[1].text == "," and _is_letter(tokens[2]):
        tokens = tokens[2:]
    level = 0
    for token in tokens[1:12]:
        level += token.text in ("{", "(", "[")
        level -= token.text in ("}", ")", "]")
        if level == 0 and token.text in (r"\in", ":", r"\colon", r"\sim"):
            return True
        if token.kind == "end" or token.text in (r"\\", "&"):
            return False
        if level == 0 and (token.text in RELATIONS or token.text in (",", ")", "]")):
            return False
    return False


# ------------------------------------------------------------------------------- what an aside says


def condition_trees(
    tokens: Sequence[Token], read: Callable[[Sequence[Token]], list[Tree]]
) -> tuple[tuple[Tree, ...], str]:
    """Return the conditions that an aside sets, and why it is not understood if it is not.

    Args:
        tokens: The aside.
        read: Reads statements with commas between.
    """
    if _is_number([*tokens, _END]):
        return (), ""
    if _is_bracketed([*tokens, _END]):
        inner = tokens[1:-1]
        return (_bounds(inner, read), "") if _is_range([*inner, _END]) else _restricted(inner, read)
    if _is_inequation([*tokens, _END]):
        return _restricted(tokens, read)
    plain = tokens[0].kind != "words" and tokens[0].text not in _QUANTIFIERS
    if plain and _is_type([*tokens, _END]) and not _is_range([*tokens, _END]):
        return _membership(tokens, read)
    if _is_range([*tokens, _END]):
        return _bounds(tokens, read), ""
    words = " ".join(token.inner.strip() for token in tokens if token.kind == "words")
    conditional = tokens[0].text in _QUANTIFIERS or _first_word(words) in CONDITION_WORDS
    try:
        pieces = _pieces(tokens)
    except EquationError as error:
        return (), error.message
    rest = [piece for piece in pieces if piece]
    if not conditional:
        if _first_word(words) in REASON_WORDS and any(t.text in _ORDER for t in tokens):
            return (), "Does this hold everywhere, or is it a condition? Write \\text{if } for one"
        return (), ""  # a remark: by the chain rule
    if not rest:
        left = _FOR_ALL.sub("", words, count=1).strip()
        if not left or _LETTERS.fullmatch(left):
            return (), ""
        return (), (
            f"This condition is in words ({words}): write it as a formula, as in "
            "\\text{if } x > 0"
        )
    found: list[Tree] = []
    for piece in rest:
        if _is_range([*piece, _END]):
            found += _bounds(piece, read)
            continue
        if _is_type([*piece, _END]):
            more, problem = _membership(piece, read)
            if problem:
                return (), problem
            found += more
            continue
        try:
            found += [tree for tree in read(piece) if not isinstance(tree, Symbol)]
        except EquationError as error:
            return (), _not_understood(error)
    return tuple(found), ""


def _bounds(
    tokens: Sequence[Token], read: Callable[[Sequence[Token]], list[Tree]]
) -> tuple[Tree, ...]:
    r"""A range as its bounds, i = 2, \dots, n as 2 \leq i \leq n; nothing of other ranges."""
    texts = [token.text for token in tokens]
    sign = next(k for k, text in enumerate(texts) if text in ("=", r"\in") or text in DOTS)
    dots = next(k for k, text in enumerate(texts) if text in DOTS)
    start = sign + 1 + (texts[sign + 1 : sign + 2] == [r"\{"])
    behind = [token for token in tokens[dots + 1 :] if token.text != r"\}"]
    if sign == dots or tokens[start].kind != "number" or len(behind) < 2:
        return ()
    try:
        last, *others = read(behind[1:])
    except EquationError:
        return ()
    at = tokens[0].at
    first = Number(texts[start], at=tokens[start].at)
    letters = [Symbol(token.text, at=token.at) for token in tokens[:sign] if token.text != ","]
    from_first = [Relation(first, r"\leq", letter, at=at) for letter in letters]
    return (*(Relation(bound, r"\leq", last, at=at) for bound in from_first), *others)


def _restricted(
    tokens: Sequence[Token], read: Callable[[Sequence[Token]], list[Tree]]
) -> tuple[tuple[Tree, ...], str]:
    """Read conditions that stand alone."""
    try:
        return tuple(read(tokens)), ""
    except EquationError as error:
        return (), _not_understood(error)


def _not_understood(error: EquationError) -> str:
    """What is said of a condition that cannot be read."""
    return (
        f"This condition is not understood ({error.message}): set it apart from the formula with "
        "\\quad, and write it as a formula"
    )


def _membership(
    tokens: Sequence[Token], read: Callable[[Sequence[Token]], list[Tree]]
) -> tuple[tuple[Tree, ...], str]:
    r"""x \in [0, 1] restricts; x \in \mathbb{R}^n, f : A \to B and i \in \{1, \dots, n\} do not."""
    texts = [token.text for token in tokens]
    place = texts.index(r"\in") + 1 if r"\in" in texts else len(texts)
    if place >= len(texts) or texts[place] not in ("[", "(", r"\{") or set(texts) & DOTS:
        return (), ""
    try:
        return tuple(tree for tree in read(tokens) if isinstance(tree, Relation)), ""
    except EquationError as error:
        return (), _not_understood(error)


_END = Token("end", "", 0, 0)


def _pieces(tokens: Sequence[Token]) -> list[list[Token]]:
    """Split an aside at its words; formulas in the words are pieces, too."""
    pieces: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "words":
            for k, part in enumerate(token.inner.split("$")):
                if k % 2:
                    pieces[-1] += tokenise(part)[:-1]
                else:
                    pieces.append([])
        elif token.text in _QUANTIFIERS or token.text in (r"\wedge",):
            pieces.append([])
        elif not (token.text in (",", ".") and not pieces[-1]):
            pieces[-1].append(token)
    return [piece[:-1] if piece and piece[-1].text in (",", ".") else piece for piece in pieces]
