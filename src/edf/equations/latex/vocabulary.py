"""The macros of the dialect, and what is said about common ones outside it."""

from __future__ import annotations

from edf.equations.operations import BY_MACRO

GREEK = frozenset(
    r"""
    \alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa
    \lambda \mu \nu \xi \pi \rho \varrho \sigma \tau \upsilon \phi \varphi \chi \psi \omega
    \Gamma \Delta \Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega \ell
    """.split()
)
#: Symbols with a meaning of their own, which no name on a page can take.
TRANSPOSES = frozenset(r"\top \intercal".split())
PLAIN_SYMBOLS = frozenset(r"\partial \nabla \top \intercal \infty".split())
FONTS = frozenset(r"\mathbf \boldsymbol \bm \mathcal \mathrm \mathsf \mathit \mathbb".split())
BOLD = frozenset(r"\mathbf \boldsymbol \bm \mathbb \textbf".split())  # in which 1 is no number
TEXT = frozenset(r"\text \textrm \textbf \mathrm \operatorname \mathtt \texttt".split())
ACCENTS = frozenset(r"\hat \bar \tilde \vec \dot \widehat \widetilde \overline".split())

#: Functions with a macro of their own, and those that a power may stand behind, as in \sin^2 x.
FUNCTIONS = frozenset(BY_MACRO)
POWERED = frozenset(macro for macro, operation in BY_MACRO.items() if operation.powered)
FRACTIONS = frozenset(r"\frac \dfrac \tfrac".split())
PRODUCT_SIGNS = frozenset(r"\cdot \times \odot \circ *".split())
CONDITION_SIGNS = frozenset(r"= \neq < > \leq \geq".split())
RELATIONS = frozenset(
    r"""
    \neq < > \leq \geq \approx \equiv \sim \simeq \cong \propto \to \rightarrow \Rightarrow
    \implies \iff \mapsto \in \ll \gg \leftarrow \coloneqq \triangleq \leqslant \geqslant
    """.split()
)
ENVIRONMENTS = frozenset(
    r"""
    aligned align align* gathered gather gather* equation equation*
    """.split()
)
#: Macros that give a delimiter its size, each with the one that closes it.
SIZES = {
    r"\left": r"\right", r"\right": "",
    r"\bigl": r"\bigr", r"\Bigl": r"\Bigr", r"\biggl": r"\biggr", r"\Biggl": r"\Biggr",
    r"\bigr": "", r"\Bigr": "", r"\biggr": "", r"\Biggr": "",
    r"\big": r"\big", r"\Big": r"\Big", r"\bigg": r"\bigg", r"\Bigg": r"\Bigg",
}  # fmt: skip

#: What to write instead of common constructs that are not tested.
REFUSED = {
    r"\int": "Integrals are not tested: state the derivative of the integral instead",
    r"\oint": "Integrals are not tested",
    r"\lim": "Limits are not tested: state the equality that holds before the limit",
    r"\mathbb": "Blackboard letters are not understood: write the sum that stands behind them",
    r"\pm": "\\pm makes two claims: write one equation for each sign",
    r"\mp": "\\mp makes two claims: write one equation for each sign",
    r"\otimes": "\\otimes is not understood: write the product with indices, a_i b_j",
    r"\arg": "\\arg is not understood: claims are about numbers, not positions",
    r"\sup": "\\sup is not understood: write \\max over an index",
    r"\inf": "\\inf is not understood: write \\min over an index",
    r"\Pr": "Probabilities are not understood: bind them to a node and write its name",
    r"\binom": "Binomial coefficients are not understood: write the number",
    r"\dots": "Dots leave something to guess: write \\sum or \\prod with an index",
    r"\ldots": "Dots leave something to guess: write \\sum or \\prod with an index",
    r"\cdots": "Dots leave something to guess: write \\sum or \\prod with an index",
    r"\vdots": "Dots leave something to guess: write the rule with indices",
    r"\limits": "Leave \\limits out: a display sets bounds below and above by itself",
    r"\displaystyle": "Leave \\displaystyle out: write \\dfrac for a large fraction",
    r"\label": "A claim has its id already: leave \\label out",
    r"\tag": "A claim has its id already: leave \\tag out",
    r"\underbrace": "Braces below a formula are not understood: say it in a sentence",
    r"\overbrace": "Braces above a formula are not understood: say it in a sentence",
    r"\overset": "Marks above a sign are not understood: write the sign alone",
    r"\stackrel": "Marks above a sign are not understood: write the sign alone",
    r"\langle": "Angle brackets are not understood: write x^\\top y",
    r"\lfloor": "Rounding is not understood: it has no derivative",
    r"\lceil": "Rounding is not understood: it has no derivative",
    r"\middle": "\\middle is not understood",
    r"\prime": "Write a prime as an apostrophe: f'(x)",
    r"\dagger": "\\dagger is not understood: write \\top",
    r"\begin{bmatrix}": "A matrix written out is not understood: bind it to a name",
    r"\begin{pmatrix}": "A matrix written out is not understood: bind it to a name",
    r"\begin{matrix}": "A matrix written out is not understood: bind it to a name",
    r"\begin{array}": "A matrix written out is not understood: bind it to a name",
}

KNOWN_MACROS = sorted(
    GREEK | PLAIN_SYMBOLS | FONTS | TEXT | ACCENTS | FUNCTIONS | FRACTIONS | PRODUCT_SIGNS
    | CONDITION_SIGNS | {r"\sum", r"\prod", r"\sqrt", r"\lVert", r"\rVert", r"\lvert", r"\rvert",
                         r"\left", r"\right", r"\begin{aligned}", r"\begin{cases}"}
)  # fmt: skip
