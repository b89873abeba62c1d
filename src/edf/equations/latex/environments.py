r"""Case distinctions and matrices."""

from __future__ import annotations

import re
from dataclasses import replace

from edf.equations.diagnostics import Why
from edf.equations.latex.cursor import environment_of, raw
from edf.equations.latex.grammar import Grammar, product
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Case,
    Cases,
    Conditions,
    Empty,
    Group,
    Matrix,
    Product,
    Relation,
    Row,
    Sum,
    Symbol,
    Tree,
)
from edf.equations.latex.vocabulary import (
    AND,
    TEXT,
)

_HOW_IN_WORDS = "write it as a formula, as in \\text{if } x > 0, or \\text{otherwise}"
_HOW_TO_CONDITION = "A condition is written left = right, or with \\neq, <, \\leq, >, \\geq"


class EnvironmentParser(Grammar):
    """Reads environments that are values."""

    def cases(self) -> Tree:
        opened = self.next()
        name = environment_of(opened.text)
        self.deeper(opened.at)
        self.inside.append("&")
        rows: list[Case] = []
        end = rf"\end{{{name}}}"
        while True:
            rows.append(self.case(end))
            if self.text != r"\\":
                break
            self.new_row()
            if self.text == end:
                break
        self.expect(end, opened)
        self.inside.pop()
        self.depth -= 1
        return Cases(tuple(rows), name or "", at=opened.at)

    def case(self, end: str) -> Case:
        at = self.token.at
        if self.text == "&":
            self.fail(Why.NOTATION, "A case is written value & condition: put & behind the value")
        value = self.expression()
        if self.text in (r"\\", end) and (bare := _in_parentheses(value)) is not None:
            return replace(bare, at=at)
        before = ""
        if self.text in (",", ";"):
            before = self.next().text
        separated = bool(before) or self.token.separated or self.token.kind == "words"
        if self.text != "&" and not separated:
            self.fail(
                Why.NOTATION,
                "A case is written value & condition: put & between them, words into \\text{if }",
            )
        apart = self.next().text if self.text == "&" else "" if before else r"\quad"
        word = macro = ""
        if self.token.kind == "words":
            macro, word = self.text, self.next().inner.strip().rstrip(",:")
        elif self.text in TEXT:
            macro = self.text
            symbol = self.symbol()
            word = symbol.base if isinstance(symbol, Symbol) else "?"
        condition: Tree | None = None
        if self.token.kind != "end" and self.text not in (r"\\", end, ".", ",", ";"):
            if word not in ("", "if", "for", "when", "where", "whenever"):
                self.fail(
                    Why.NOTATION,
                    f"The words {word} are not understood before a condition: write \\text{{if }}",
                    at,
                )
            condition = self.conditions(end)
        ending = self.next().text if self.text in (".", ",", ";") else ""
        if condition is None and word not in ("otherwise", "else", "o.w.", "otherwise."):
            self.fail(
                Why.NOTATION,
                f"This condition is in words ({word}): {_HOW_IN_WORDS}"
                if re.search(r"[\s$]", word)
                else "This row has no condition: write \\text{otherwise}, or i = j",
                at,
            )
        return Case(value, word, macro, condition, ending, before, apart, at=at)

    def conditions(self, end: str) -> Tree:
        """Read a condition, or several with commas or `and` between, which hold at once."""
        at = self.token.at
        parts, joins = [self.statement()], []
        while self.text in (",", r"\wedge") or self.token.kind == "words":
            if self.token.kind == "words" and self.token.inner.strip() not in AND:
                self.fail(Why.NOTATION, _HOW_TO_CONDITION)
            if self.text == "," and self.peek() in (r"\\", end):
                break
            joins.append(raw([self.next()]))
            parts.append(self.statement())
        if not all(isinstance(part, Relation) or _holds_relations(part) for part in parts):
            self.fail(Why.NOTATION, _HOW_TO_CONDITION, at)
        return parts[0] if len(parts) == 1 else Conditions(tuple(parts), tuple(joins), at=at)

    def matrix(self) -> Tree:
        opened = self.next()
        name = environment_of(opened.text)
        assert name is not None
        columns = self.raw_argument() if name == "array" and self.text == "{" else ""
        self.deeper(opened.at)
        self.inside.append("&")
        end = rf"\end{{{name}}}"
        rows: list[Row] = []
        while self.text != end:
            at = self.token.at
            entries: list[Tree] = []
            while True:
                if self.text in ("&", r"\\", end):
                    entries.append(Empty(at=self.token.at))
                else:
                    entries.append(self.statement())
                if self.text != "&":
                    break
                self.next()
            rows.append(Row(tuple(entries), at=at))
            if self.text != r"\\":
                break
            self.new_row()
        self.expect(end, opened)
        self.inside.pop()
        self.depth -= 1
        return Matrix(name, tuple(rows), columns, at=opened.at)


def _holds_relations(tree: Tree) -> bool:
    """Whether something is relations in parentheses, as (x > 0) and (g = 1, a = -1)."""
    relations = isinstance(tree, Group) and all(isinstance(item, Relation) for item in tree.items)
    return relations and isinstance(tree, Group) and tree.open.endswith("(")


def _in_parentheses(tree: Tree) -> Case | None:
    r"""Return a row whose condition stands in parentheses behind the value: x (x > 0), 0 (else)."""
    match tree:
        case Sum(terms=(*terms, last)) if (row := _in_parentheses(last)) is not None:
            return replace(row, value=replace(tree, terms=(*terms, row.value)))
        case Product(factors=(*factors, Group() as group), joins=(*joins, "")):
            value = product(list(factors), list(joins), tree.at)
            shown = to_latex(group)
            if re.sub(r"\\text|[^a-z]", "", shown) in ("else", "otherwise"):
                return Case(value, "", "", None, "", "", shown)
            if _holds_relations(group):
                return Case(value, "", "", group, "", "", "")
    return None
