r"""A claim: its rows and relations, what stands beside them, and the steps that follow.

Spacing of a \quad or more separates, as does a comma, an arrow or a new row. What stands between
two expressions is a mark, printed back as it is written; the relation in it makes a step of both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from edf.equations.diagnostics import EquationError, Why
from edf.equations.latex.advice import of_nothing
from edf.equations.latex.asides import condition_trees, is_aside, is_connective, is_implication
from edf.equations.latex.cursor import environment_of, raw
from edf.equations.latex.expressions import ExpressionParser
from edf.equations.latex.syntax import (
    Aside,
    Claim,
    Equation,
    Mark,
    Number,
    Sum,
    Tree,
)
from edf.equations.latex.tokens import Token, tokenise
from edf.equations.latex.vocabulary import (
    ARROWS,
    ENVIRONMENTS,
    IMPLICATIONS,
    REASONS,
    RELATIONS,
    TERM_SIGNS,
)


def parse(source: str, macros: Mapping[str, str] | None = None) -> Claim:
    r"""Return the tree of a claim.

    Args:
        source: LaTeX.
        macros: The author's own macros, `{"R": r"\mathbb{R}", "abs": r"|#1|"}`.

    Raises:
        EquationError: Something is not understood; the caret stands at the first character of it.
    """
    return _Parser(source, tokenise(source, macros)).claim()


def steps(claim: Claim) -> list[Equation]:
    """Return the equations of a claim, one for each relation, in reading order.

    Raises:
        EquationError: A part of the claim states nothing, or a condition is not understood; without
            the source.
    """
    found: list[Equation] = []
    row = 0  # the first equation of this row, to which its conditions belong
    statement = 0
    previous: Tree | None = None
    mark: Mark | None = None
    for part in claim.parts:
        match part:
            case Mark():
                mark = part
                statement += part.implies
                if part.new_row:
                    row = len(found)
            case Aside():
                if part.problem:
                    raise EquationError(Why.NOTATION, part.problem, position=part.at)
                for k in range(row, len(found)):
                    one = found[k]
                    found[k] = replace(one, conditions=(*one.conditions, *part.conditions))
            case _ if mark is not None and mark.sign:
                if previous is None:
                    raise EquationError(
                        Why.UNFINISHED,
                        f"The formula starts with {mark.sign}: write what stands on the left",
                        position=mark.at,
                    )
                found.append(
                    Equation(
                        previous, part, mark.sign, at=part.at, sign_at=mark.at, row=row,
                        statement=statement,
                    )
                )  # fmt: skip
                previous = part
            case _ if mark is not None and mark.continues and previous is not None:
                whole = _continued(previous, part)
                if found and found[-1].right is previous:
                    last = found.pop()
                    found.append(replace(last, right=whole))
                previous = whole
            case _:
                _insist_on_claim(previous, found)
                previous = part
    _insist_on_claim(previous, found)
    if not found:
        raise EquationError(
            Why.NO_CLAIM, "Nothing is claimed here: write an equation with =", position=0
        )
    return found


def _insist_on_claim(member: Tree | None, found: Sequence[Equation]) -> None:
    if member is None or (found and found[-1].right is member):
        return
    message = "Nothing is claimed here: write an equation with ="
    before = found[-1].right if found else None
    if isinstance(member, Number) and isinstance(before, Number) and len(member.text) == 3:
        message = f"A comma ends a formula: write {before.text}{member.text} for the number"
    raise EquationError(Why.NO_CLAIM, message, position=member.at)


def _continued(before: Tree, further: Tree) -> Tree:
    """A sum that goes on in the next row."""
    terms, signs = (before.terms, before.signs) if isinstance(before, Sum) else ((before,), ("",))
    assert isinstance(further, Sum)
    return Sum((*terms, *further.terms), (*signs, *further.signs), at=before.at)


class _Parser(ExpressionParser):
    """Reads claims."""

    def claim(self) -> Claim:
        if self.token.kind == "end":
            self.fail(Why.NO_CLAIM, "The claim is empty: write an equation", 0)
        parts: list[Tree] = []
        while True:
            mark = self.mark()
            if mark.text:
                parts.append(mark)
            if self.token.kind == "end":
                if mark.sign:
                    self.unknown()
                break
            beside = not mark.sign and self.starts_aside(mark.new_row)
            if not mark.text and parts and not isinstance(parts[-1], Aside) and not beside:
                self.stray()
            if mark.continues:
                parts.append(self.expression())
            elif beside:
                parts.append(self.aside())
            else:
                if isinstance(parts[-1] if parts else None, Aside) and not mark.sign:
                    parts.append(Mark("", at=self.token.at))
                parts.append(self.expression())
        if self.layout:
            opened = self.layout[-1]
            closing = opened.text.replace("begin", "end")
            self.fail(
                Why.UNFINISHED,
                f"{opened.text} is opened here and never closed: add {closing}",
                opened.at,
            )
        if not any(not isinstance(part, Mark) for part in parts):
            self.fail(Why.NO_CLAIM, "The claim is empty: write an equation", 0)
        return Claim(tuple(parts))

    def mark(self) -> Mark:
        """Read what stands between two parts: alignment, a relation, punctuation, new rows."""
        at = self.token.at
        pieces: list[str] = []
        sign, new_row, aligned, implies = "", False, False, False
        while True:
            token, text = self.token, self.text
            if token.separated and (pieces or self.place):
                pieces.append(r"\quad")
            relation = self.relation_ahead() if text not in ("&", r"\\") else None
            if text in ARROWS and token.separated and self.tokens[self.place + 1].separated:
                pieces.append(self.next().text)  # between two statements
                continue
            if text == "&":
                aligned = True
                pieces.append(self.next().text)
            elif text == r"\\":
                self.new_row()
                new_row, aligned = True, False
                pieces.append("\\\\\n")
            elif self.is_layout():
                pieces.append(self.environment())
            elif text == r"\boxed" and not sign and (close := self.boxes_statement()) is not None:
                self.boxes.append(close)
                pieces.append(self.next().text + self.next().text)
            elif self.place in self.boxes:
                pieces.append(self.next().text)
            elif relation is not None:
                if sign and not new_row:
                    self.about_this()
                    self.fail(
                        Why.UNFINISHED,
                        f"Two signs with nothing between them: {sign} and {relation}"
                        if sign != "=" or relation != "="
                        else "Two equality signs with nothing between them",
                    )
                at = token.at
                written, sign = self.relation()
                pieces.append(written)
            elif sign and text in (",", ";", "."):
                self.fail(Why.UNFINISHED, of_nothing(text, ""))
            elif text in IMPLICATIONS:
                implies = True
                pieces.append(self.next().text)
            elif text in (",", ";", ".", ":") or text in REASONS:
                pieces.append(self.next().text)
            elif (command := self.command_ahead()) is not None:
                pieces.append(command)
            elif is_connective(token) and self.tokens[self.place + 1].text not in RELATIONS:
                implies = implies or is_implication(token)
                pieces.append(raw([self.next()]))
            else:
                break
        rows = len(pieces) and new_row
        continues = bool(
            rows and not sign and self.text in TERM_SIGNS and (aligned or not self.row_relates())
        )
        return Mark(_joined(pieces), sign, continues, new_row, implies, at=at)

    def command_ahead(self) -> str | None:
        r"""Read \operatorname*{minimize} before a formula, which says what to do with it."""
        start = self.place + (self.text == r"\operatorname" and self.peek() == "*")
        named = start > self.place or self.text in (r"\operatornamewithlimits", r"\mathop")
        close = self.closing_brace(start + 1) if named else None
        if close is None or self.tokens[close + 1].text in ("_", "^"):
            return None
        word = "".join(token.text for token in self.tokens[start + 2 : close])
        if not re.fullmatch(r"(\\\w+\{)?(minimi[sz]e|maximi[sz]e)\}?", word):
            return None
        written = raw(self.tokens[self.place : close + 1])
        self.place = close + 1
        return written

    def boxes_statement(self) -> int | None:
        """Return where a box ends that holds a relation, and all of its row or what is left."""
        close = self.closing_brace(self.place + 1)
        if close is None:
            return None
        behind = self.tokens[close + 1]
        ends = behind.kind == "end" or behind.separated
        if not (ends or behind.text in (r"\\", "&", ",", ".", ";", "}")):
            return None
        relates = any(token.text in RELATIONS for token in self.tokens[self.place : close])
        return close if relates else None

    def is_layout(self) -> bool:
        """Whether an environment of rows begins or ends here."""
        name = environment_of(self.text)
        if name is None:
            return False
        if self.text.startswith(r"\end"):
            return bool(self.layout)
        if name == "array":
            return self.place == 0
        if name == "matrix":
            return self.place == 0 and self.is_all(name)
        return name in ENVIRONMENTS

    def is_all(self, name: str) -> bool:
        """Whether an environment that begins here is the whole formula, and its rows relate."""
        ends = [k for k, token in enumerate(self.tokens) if token.text == rf"\end{{{name}}}"]
        relates = any(token.text in RELATIONS for token in self.tokens)
        return len(ends) == 1 and relates and self.tokens[ends[0] + 1].kind == "end"

    def environment(self) -> str:
        """Read the beginning or the end of an environment of rows."""
        token = self.next()
        name = environment_of(token.text)
        if token.text.startswith(r"\begin"):
            self.layout.append(token)
            columns = ""
            if name in ("array", "alignat", "alignat*", "alignedat") and self.text == "{":
                columns = f"{{{self.raw_argument()}}}"
            return f"{token.text}{columns}\n"
        opened = self.layout.pop()
        if environment_of(opened.text) != name:
            self.fail(
                Why.UNFINISHED, f"{token.text} stands where {opened.text} should end", token.at
            )
        return f"\n{token.text}"

    def starts_aside(self, new_row: bool) -> bool:
        """Whether a number, a condition or a remark begins here, and no formula."""
        tokens = self.tokens[self.place :]
        return is_aside(tokens, bool(self.place), new_row)

    def aside(self) -> Aside:
        """Read what is said beside a formula, up to the end of the row or a gap."""
        start, at = self.place, self.token.at
        level, said = 0, False
        while self.token.kind != "end":
            token = self.token
            if level == 0 and (
                token.text in ("&", r"\\")
                or (self.is_layout() and (said or token.text.startswith(r"\end")))
            ):
                break
            if level == 0 and said and token.separated:
                break
            level += token.text in ("(", "[", "{", r"\{")
            level -= token.text in (")", "]", "}", r"\}")
            said = said or (token.kind not in ("words",) and token.text not in (r"\forall",))
            self.next()
        tokens = self.tokens[start : self.place]
        if tokens and tokens[-1].text in (".", ",", ";") and len(tokens) > 1:
            self.place -= 1
            tokens.pop()
        end = Token("end", "the end of the condition", tokens[-1].after, tokens[-1].after)
        trees, problem = condition_trees(
            tokens, lambda part: _Parser(self.source, [*part, end]).statements()
        )
        return Aside(raw(tokens), trees, problem, at=at)

    def statements(self) -> list[Tree]:
        """Read statements and expressions with commas between, and nothing else."""
        found = [self.statement()]
        while self.text in (",", r"\forall", r"\wedge", r"\text", ";"):
            self.next()
            found.append(self.statement())
        if self.token.kind != "end":
            self.stray()
        return found


def _joined(pieces: Sequence[str]) -> str:
    return " ".join(pieces)
