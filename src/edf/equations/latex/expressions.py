r"""Tokens to the tree of an expression, as TeX groups them.

The grammar needs no names: whether `f(x)` is a call or a product is settled later, from what the
page binds. It reads each construct as it is typeset: `2^s(c)` is (2^s)(c), because TeX raises one
token, and spacing of a \quad separates what stands on its two sides. Where the typeset formula
leaves open what belongs together, as in `a/b c`, the answer is an error and not a convention. All
that formulas are made of is read here; whether it can be tested is decided by its meaning.
"""

from __future__ import annotations

from edf.equations.diagnostics import Why
from edf.equations.latex.advice import WORDS, of_nothing
from edf.equations.latex.asides import is_aside, is_connective
from edf.equations.latex.cursor import environment_of
from edf.equations.latex.delimiters import DelimiterParser
from edf.equations.latex.environments import EnvironmentParser
from edf.equations.latex.functions import FunctionParser
from edf.equations.latex.grammar import product
from edf.equations.latex.scripts import ScriptParser
from edf.equations.latex.symbols import SymbolParser
from edf.equations.latex.syntax import (
    Bars,
    Factorial,
    Fraction,
    Grad,
    Group,
    Number,
    Product,
    Relation,
    Root,
    Script,
    Slash,
    Styled,
    Sum,
    Symbol,
    Tree,
)
from edf.equations.latex.tokens import Token
from edf.equations.latex.vocabulary import (
    ACCENTS,
    AND,
    BIG,
    BINOMIALS,
    BRACES,
    CASES,
    CLOSERS,
    CLOSING,
    DEFINITIONS,
    DOTS,
    FONTS,
    FRACTIONS,
    FUNCTIONS,
    IMPLICATIONS,
    MATRICES,
    MIDDLES,
    OTHER_SIGNS,
    PRODUCT_SIGNS,
    REASONS,
    RELATIONS,
    SIGNS_AS_NAMES,
    SIZES,
    SYMBOLS,
    TERM_SIGNS,
    TEXT,
)


class ExpressionParser(
    ScriptParser, DelimiterParser, SymbolParser, FunctionParser, EnvironmentParser
):
    """Reads expressions, statements with relations between them, and all that they are made of."""

    def statement(self) -> Tree:
        """Read an expression, or expressions with relations between."""
        at = self.token.at
        tree = self.expression()
        while (sign := self.relation_ahead()) is not None:
            self.relation()
            tree = Relation(tree, "=" if sign in DEFINITIONS else sign, self.expression(), at=at)
        return tree

    def expression(self) -> Tree:
        at = self.token.at
        self.deeper(at)
        self.open_signed_braces()
        signs = [self.next().text if self.text in TERM_SIGNS else ""]
        self.skip_alignment()
        terms = [self.term()]
        while self.text in TERM_SIGNS or self.goes_on_aligned():
            if self.text in ("+", "-") and self.peek() == r"\\":
                break
            if self.begins_beside():
                break
            self.skip_alignment()
            signs.append(self.next().text)
            self.skip_alignment()
            terms.append(self.term())
        self.depth -= 1
        if len(terms) == 1 and not signs[0]:
            return terms[0]
        return Sum(tuple(terms), tuple(signs), at=at)

    def open_signed_braces(self) -> None:
        """Pass over the braces of ({-x}), which show nothing around a whole expression."""
        close = self.closing_brace(self.place)
        if close is None or self.peek() not in TERM_SIGNS:
            return
        behind = self.tokens[close + 1]
        if behind.kind == "end" or behind.text in (
            *CLOSERS,
            "}",
            "&",
            r"\\",
            ",",
            r"\right",
            "+",
            "-",
        ):
            self.next()
            self.spliced.add(close)

    def begins_beside(self) -> bool:
        """Whether a sign behind a gap begins a relation; between two gaps it does not."""
        token, behind = self.token, self.tokens[self.place + 1]
        if not token.separated or behind.separated or len(self.inside) > 1:
            return False
        if not self.row_relates():
            self.fail(
                Why.AMBIGUOUS,
                f"Does {token.text} go on with what stands before the space, or begin anew? "
                "Leave the space out, or write a relation",
            )
        return True

    def goes_on_aligned(self) -> bool:
        """Whether a sum goes on behind an ampersand."""
        return self.text == "&" and len(self.inside) == 1 and self.peek() in TERM_SIGNS

    def term(self) -> Tree:
        at = self.token.at
        factors, joins = [self.factor()], []
        while True:
            if self.text in PRODUCT_SIGNS or self.text in OTHER_SIGNS:
                sign = self.next()
                if self.text in ("+", "-"):
                    self.fail(
                        Why.NOTATION,
                        f"A sign after {sign.text}: write parentheses around what it is for",
                    )
                joins.append(sign.text)
                factors.append(self.factor())
            elif self.text == "/":
                factors, joins = [self.slash(product(factors, joins, at), at)], []
            elif self.bar_of_evaluation() is not None:
                factors, joins = [self.evaluated_behind(product(factors, joins, at), at)], []
            elif self.starts():
                left, right = factors[-1], self.factor()
                self.check_beside(left, right)
                joins.append("")
                factors.append(right)
            else:
                return product(factors, joins, at)

    def check_beside(self, left: Tree, right: Tree) -> None:
        """Refuse what reads as one number where nothing stands between two factors."""
        first = right.base if isinstance(right, Script) else right
        if isinstance(first, Number):  # in braces, too, which do not show
            if isinstance(left, Group) or (isinstance(left, Script) and left.sup is not None):
                return  # (-1)^n 6^n
            if isinstance(left, Symbol) and left.base in DOTS:
                self.fail(Why.AMBIGUOUS, "Behind dots in a list stands a comma: add it", right.at)
            if isinstance(right, Script) and right.sub is not None:
                self.fail(
                    Why.AMBIGUOUS,
                    "A number with a subscript: write \\mathbb{1}[..] for an indicator",
                    right.at,
                )
            listed = ", or a comma or & between entries" if isinstance(left, Number) else ""
            self.fail(
                Why.AMBIGUOUS,
                f"A number after a factor reads as one with it: write \\cdot between{listed}",
                right.at,
            )
        if not isinstance(left, Number):
            return
        if right == Symbol("e") and self.text in ("+", "-"):
            number = f"{left.text}e{self.text}"
            self.fail(
                Why.AMBIGUOUS,
                f"{number} looks like a power of ten: write 10^{{..}} or \\cdot",
                left.at,
            )
        if isinstance(right, Fraction):
            parts = right.top, right.bottom
            if all(isinstance(part, Number) for part in parts) and right.macro not in BINOMIALS:
                self.fail(
                    Why.AMBIGUOUS, "A mixed number, or a product? Write \\cdot between", right.at
                )

    def slash(self, top: Tree, at: int) -> Tree:
        self.next()
        start = self.token.at
        factors = [self.factor()]
        if factors[0] == Symbol(r"\partial") or (
            factors[0] == Symbol("d") and _is_differential(top)
        ):
            factors.append(self.factor())
        head = factors[0].base if isinstance(factors[0], Script) else factors[0]
        primed = isinstance(factors[0], Script) and factors[0].primes > 0
        if len(factors) == 1 and isinstance(head, Symbol) and primed and self.text == "(":
            factors.append(self.factor())  # f'(x), which is no product
        bottom = product(factors, [""] * (len(factors) - 1), start)
        if self.starts() or self.text == "/" or self.text in PRODUCT_SIGNS:
            self.fail(
                Why.AMBIGUOUS, "What is below the slash? Write \\frac{..}{..}, or parentheses"
            )
        return Slash(top, bottom, at=at)

    def starts(self) -> bool:
        """Whether the current token begins a further factor of a product."""
        token, text = self.token, self.text
        if token.separated:
            return False
        if token.kind in ("letter", "number") or text in ("(", "[", "{", r"\{"):
            return True
        if token.kind == "words":
            if self.inside[-1] == "&" and token.inner.strip() in AND | {"or"}:
                return False  # between two conditions of a case
            apart = token.inner[:1].isspace() and token.inner[-1:].isspace()
            said = token.inner.strip()
            if said == "and" or (apart and said != "or" and is_connective(token)):
                return False  # between two statements
            return not is_aside(self.tokens[self.place :], True)
        if text in (r"\lVert", r"\lvert", r"\langle", r"\lfloor", r"\lceil"):
            return True
        if text == "||" and self.inside[-1] == "|":
            return False
        if text in ("|", r"\|", "||"):
            return self.inside[-1] != text and not self.is_separator()
        if text in SIZES:
            if self.sized_separator():
                return False
            return SIZES[text] != "" and self.opens(self.peek())
        if token.kind == "environment":
            name = environment_of(text)
            return text.startswith(r"\begin") and (name in CASES or name in MATRICES)
        return token.kind == "macro" and not (
            text in PRODUCT_SIGNS
            or text in OTHER_SIGNS
            or text in TERM_SIGNS
            or text in RELATIONS
            or text in IMPLICATIONS | REASONS
            or text in CLOSERS
            or text in (r"\\", r"\right", r"\mid", r"\over", r"\choose", r"\forall", *MIDDLES)
            or self.relation_ahead() is not None
        )

    def factor(self) -> Tree:
        at = self.token.at
        self.deeper(at)
        base = self.scripts(self.primary(), at)
        if self.text == "." and self.peek() in TEXT and self.tokens[self.place + 1].inner in (
            "grad", "",
        ) and (self.tokens[self.place + 1].inner or self.peek(2) == "{"):  # fmt: skip
            base = self.scripts(self.grad(base, at), at)
        while self.text == "!":
            self.next()
            base = Factorial(base, at=at)
            if self.text == "^":
                base = self.scripts(base, at)
        self.depth -= 1
        return base

    def grad(self, base: Tree, at: int) -> Tree:
        self.next()
        macro = self.text
        word = self.symbol()
        if not (isinstance(word, Symbol) and word.base == "grad"):
            self.fail(Why.NOTATION, ".grad is the only attribute that is understood", word.at)
        return Grad(base, macro, at=at)

    def primary(self) -> Tree:
        token = self.token
        text = token.text
        if token.kind == "number":
            self.next()
            return Number(text, at=token.at)
        if text in CLOSING or text in SIZES:
            return self.delimited()
        if text == "{":
            return self.braced()
        if text in FRACTIONS:
            self.next()
            top, bottom = self.argument(text), self.argument(text)
            return Fraction(top, bottom, text, at=token.at)
        if text == r"\sqrt":
            return self.root()
        if text == r"\operatorname" and self.peek() == "*":
            return self.named_big()
        if text in (r"\mathop", r"\operatornamewithlimits") or self.is_place_of_extremum():
            return self.named_big()
        if text in (r"\overset", r"\underset", r"\stackrel"):
            return self.stacked()
        if text in BRACES or text == r"\boxed":
            return self.decorated()
        if text in BIG and not (text in FUNCTIONS and self.peek() not in ("_", "^")):
            return self.big(self.next().text, token.at)
        if text == r"\arg" and self.peek() in (r"\min", r"\max"):
            self.next()
            return self.big(f"\\arg{self.next().text}", token.at)
        if text in FUNCTIONS:
            return self.function()
        if token.kind == "environment":
            name = environment_of(text)
            if text.startswith(r"\begin") and name in CASES:
                return self.cases()
            if text.startswith(r"\begin") and name in MATRICES:
                return self.matrix()
        if self.names_something():
            return self.symbol()
        if text in TERM_SIGNS:
            before = self.tokens[self.place - 1].text if self.place else ""
            found = f"{text} stands where a factor should"
            if before in TERM_SIGNS:
                found = f"Two signs side by side, {before} and {text}"
            self.fail(
                Why.NOTATION,
                "Braces with a sign in front do not show: leave them out, or write parentheses"
                if before == "{"
                else f"{found}: write parentheses around what it is for",
            )
        if text in ("_", "^"):
            self.fail(Why.UNFINISHED, f"{text} has nothing to stand on: write its base")
        if (
            text in RELATIONS
            or text in CLOSERS
            or text in ("}", "&", r"\\", r"\right", ",", ";", ".", ":")
            or text.startswith(r"\end")
        ):
            self.fail(Why.UNFINISHED, of_nothing(text, self.inside[-1]))
        self.unknown()

    def root(self) -> Tree:
        token = self.next()
        degree: Tree | None = None
        if self.text == "[":
            opened = self.next()
            degree = self.expression()
            self.expect("]", opened)
        return Root(self.argument(r"\sqrt"), degree, at=token.at)

    def braced(self) -> Tree:
        """Braces show nothing: what is in them reads as if they were not there.

        They hold nothing together either: a script behind them can have one symbol for base only.
        """
        opened = self.token
        close = self.closing_brace(self.place)
        if close is None:
            self.next()
            self.fail(Why.UNFINISHED, "{ is opened here and never closed: add }", opened.at)
        inner = self.tokens[self.place + 1 : close]
        if not inner:
            self.fail(Why.UNFINISHED, "Empty braces: leave them out", opened.at)
        level = 0
        for token in inner:
            level += {"{": 1, "}": -1}.get(token.text, 0)
            if level == 0 and token.text in (r"\over", r"\choose"):
                return self.over(opened, token)
        if self.tokens[close + 1].text not in ("^", "_", "'") or self.tokens[close + 1].spaced:
            self.next()
            self.spliced.add(close)
            self.deeper(opened.at)
            body = self.primary()
            self.depth -= 1
            return body
        self.next()
        body = self.expression()
        self.expect("}", opened)
        if _is_marked_name(body) and self.text == "^":
            return body  # {W^{[2]}}^T, which is no power of a power
        if not isinstance(body, Symbol | Number | Group | Bars | Fraction | Styled | Root):
            word = "".join(token.text for token in inner)
            meant = f"{WORDS[word]} for the function" if word in WORDS else "parentheses"
            self.fail(Why.AMBIGUOUS, f"Braces do not show on the page: write {meant}", opened.at)
        return body

    def over(self, opened: Token, sign: Token) -> Tree:
        r"""{top \over bottom}"""
        self.next()
        top = self.expression()
        self.expect(sign.text, opened)
        bottom = self.expression()
        self.expect("}", opened)
        return Fraction(top, bottom, sign.text, at=opened.at)

    def argument(self, macro: str) -> Tree:
        """The argument of a macro: braces, or one token."""
        token = self.unspaced("argument")
        if token.text == "{":
            self.deeper(token.at)
            self.next()
            self.inside.append("")
            if self.text == "}":
                self.fail(Why.UNFINISHED, f"An argument of {macro} is empty", token.at)
            body = self.expression()
            self.expect("}", token)
            self.inside.pop()
            self.depth -= 1
            return body
        if token.kind == "number":  # TeX takes one digit and leaves the rest
            digit, rest = token.text[0], token.text[1:]
            if rest.startswith("."):
                self.fail(
                    Why.AMBIGUOUS, f"TeX takes the first digit only: put {token.text} into braces"
                )
            if rest:
                self.tokens[self.place] = Token("number", rest, token.at + 1, token.after)
            else:
                self.next()
            return Number(digit, at=token.at)
        if token.kind == "letter" or token.text in SYMBOLS or token.text in FONTS | ACCENTS:
            return self.symbol()
        self.fail(Why.UNFINISHED, f"{macro} needs its arguments in braces")


def _is_marked_name(tree: Tree) -> bool:
    r"""Whether a name has a label or a mark for its superscript: x^{(i)}, w^*, y'."""
    if not isinstance(tree, Script) or not isinstance(tree.base, Symbol):
        return False
    label = isinstance(tree.sup, Group) and tree.sup.open in ("(", "[")
    mark = isinstance(tree.sup, Symbol) and tree.sup.base in SIGNS_AS_NAMES
    return label or mark or (tree.primes > 0 and tree.sup is None)


def _is_differential(tree: Tree) -> bool:
    head = tree.factors[0] if isinstance(tree, Product) else tree
    head = head.base if isinstance(head, Script) else head
    return head == Symbol("d")
