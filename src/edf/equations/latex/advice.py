"""What to write instead, told from what stands where it has no place."""

from __future__ import annotations

import difflib

from edf.equations.latex.tokens import Token
from edf.equations.latex.vocabulary import KNOWN_MACROS, MOMENTS, RELATIONS, TEXT
from edf.equations.operations import BY_WORD

#: What letters of words, as they stand in `max` or `tr`, are written as.
WORDS = {
    **{word: rf"\operatorname{{{word}}}" for word in (*BY_WORD, *MOMENTS)},
    **{macro.removeprefix("\\"): macro for macro in KNOWN_MACROS if macro[1:].isalpha()},
}


def of_macro(macro: str) -> str:
    """What is said of a macro that the dialect does not have."""
    said = f"The macro {macro} is not understood"
    word = WORDS.get(macro[1:].lower(), "")
    close = difflib.get_close_matches(macro, KNOWN_MACROS, n=1, cutoff=0.75)
    meant = word if word.startswith(r"\operatorname") else (close[0] if close else "")
    own = "f it is your own, define it, with \\newcommand on the page or in the option macros"
    return f"{said}: did you mean {meant}? I{own}" if meant else f"{said}: i{own}"


def of_closing(token: Token, opened: str, closing: str) -> str:
    """What is said where a delimiter should close and something else stands."""
    text = token.text
    if len(opened) > 2 and opened.endswith("|"):
        condition = "for a condition, as in p(y \\mid x), write \\mid"
        return f"{opened} is not closed by {closing}: {condition}"
    if len(opened) > 2 and (token.kind == "end" or text == closing[-1]):
        return f"{opened} is not closed by {closing}"
    if token.kind == "end":
        return f"{opened} is opened here and never closed: add {closing}"
    if token.separated:
        return "Spacing of a \\quad or more separates: it has no place in here"
    is_words = token.kind == "words" or text in TEXT
    conditional = is_words or text in RELATIONS or text in (r"\mid", r"\forall")
    if opened.endswith(r"\{") and conditional:
        return "Sets by a condition are not tested: write what holds for their members"
    if is_words:
        return (
            f"Words stand between {opened} and {closing}: put them behind the formula, "
            "or write a formula for what they say"
        )
    if text in RELATIONS and opened == "{":
        return f"{text} stands within an argument: relate whole formulas, with {text} outside of it"
    if text == "," and opened == "{":
        return "Commas in an argument that takes one thing: write what they stand for"
    if text == "." and opened == "{":
        return "A full stop within braces: put a label of words into \\text{..}"
    if text in (")", "]", r"\}", r"\right"):
        said = f"{text} stands where {closing} should close {opened}"
        return f"{said}: write {closing} before it, or for it"
    return f"{text} stands where {closing} should close {opened}: remove it, or add {closing}"


def of_nothing(text: str, inside: str) -> str:
    """What is said where something is missing before a sign; `inside` is the delimiter around."""
    said = f"Something is missing before {text} here"
    if text in (":", ".", ",") and inside in ("{", "["):
        return f"{said}: write A_{{i,:}} for a row and A_{{:,j}} for a column"
    if text == r"\\" and inside in ("(", "[", r"\{"):
        return f"{said}: {inside} must close in the row in which it is opened"
    return f"{said}: a sign has something on both of its sides"
