"""The macros of the dialect, and what is said about common ones outside it."""

from __future__ import annotations

from edf.equations.operations import BY_MACRO
from edf.equations.operations.reductions import BY_SIGN

GREEK = frozenset(
    r"""
    \alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa
    \lambda \mu \nu \xi \pi \rho \varrho \sigma \tau \upsilon \phi \varphi \chi \psi \omega
    \Gamma \Delta \Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega \ell
    """.split()
)
TRANSPOSES = frozenset(r"\top \intercal".split())
#: Symbols with a meaning of their own, which no name on a page can take.
PLAIN_SYMBOLS = frozenset(r"\partial \nabla \top \intercal \infty".split())
DOTS = frozenset(r"\dots \ldots \cdots \vdots \ddots".split())
#: Further symbols that stand for something, and for nothing that could be tested.
OTHER_SYMBOLS = DOTS | frozenset(
    r"""
    \hbar \emptyset \varnothing \Re \Im \aleph \bullet \star \ast \square \Box \triangle
    \triangledown \dagger \prime \perp \Pr \arg \_ \dim \ker \deg \gcd \varsigma \varpi
    \imath \jmath
    """.split()
)
FONTS = frozenset(
    r"""
    \mathbf \boldsymbol \bm \mathcal \mathrm \mathsf \mathit \mathbb \mathfrak \mathscr \pmb \bold
    """.split()
)
BOLD = frozenset(r"\mathbf \boldsymbol \bm \mathbb \textbf".split())  # in which 1 is no number
TEXT = frozenset(
    r"""
    \text \textrm \textbf \textit \textsf \texttt \textnormal \mbox \hbox \mathrm \operatorname
    \mathtt
    """.split()
)
ACCENTS = frozenset(
    r"""
    \hat \bar \tilde \vec \dot \ddot \check \breve \acute \grave \widehat \widetilde \overline
    \underline \overrightarrow \mathring
    """.split()
)
#: Words for numbers that belong to random variables.
MOMENTS = frozenset("Var var Cov cov Corr corr SD std".split())
#: What probabilities are called, where the page does not bind it.
PROBABILITIES = frozenset(["P", "Pr", r"\Pr", "Prob", "p"])
#: What an unbound name of random variables could be.
RANDOM = {
    **dict.fromkeys(PROBABILITIES, "a probability"),
    **dict.fromkeys(MOMENTS, "a moment"),
    "E": "an expectation",
}
#: Words for numbers of matrices that jump at few of them.
JUMPS = frozenset("rank rk nullity".split())
BRACES = frozenset(r"\underbrace \overbrace".split())

#: Functions with a macro of their own, and those that a power may stand behind, as in \sin^2 x.
FUNCTIONS = frozenset(BY_MACRO)
POWERED = frozenset(macro for macro, operation in BY_MACRO.items() if operation.powered)
#: Signs that act on the rest of their term, most with an index below.
BIG = frozenset(BY_SIGN) | frozenset(
    r"""
    \int \iint \oint \lim \limsup \liminf \sup \inf \bigcup \bigcap \bigoplus
    \bigotimes \bigwedge \bigvee
    """.split()
)
FRACTIONS = frozenset(r"\frac \dfrac \tfrac \cfrac \binom \dbinom \tbinom".split())
BINOMIALS = frozenset(r"\binom \dbinom \tbinom \choose".split())
PRODUCT_SIGNS = frozenset(r"\cdot \times \odot \circ *".split())
#: Signs between factors that are read and not understood.
OTHER_SIGNS = frozenset(
    r"""
    \otimes \oplus \ast \star \wedge \vee \cap \cup \setminus \div \bmod \bullet \circledast
    """.split()
)
TERM_SIGNS = frozenset(["+", "-", r"\pm", r"\mp", r"\ominus"])
CONDITION_SIGNS = frozenset(r"= \neq < > \leq \geq".split())
#: Other spellings of equality, all by definition.
DEFINITIONS = frozenset(r":= \coloneqq \triangleq \equiv \doteq \eqdef".split())
RELATIONS = (
    CONDITION_SIGNS
    | DEFINITIONS
    | frozenset(
        r"""
    \approx \sim \simeq \cong \propto \to \rightarrow \mapsto \in \notin \subset \subseteq \supset
    \supseteq \ni \ll \gg \leftarrow \preceq \succeq \prec \succ \lesssim \gtrsim \perp \parallel
    \longrightarrow \longmapsto \xrightarrow \rightharpoonup \uparrow \downarrow \asymp
    """.split()
    )
)
#: Signs between a letter and what it tends to.
TENDS_TO = frozenset(r"\to \rightarrow \longrightarrow".split())
#: Signs between two statements where wide spaces stand around them.
ARROWS = TENDS_TO | {r"\mapsto"}
#: Signs and words between two statements of which one is said to follow from the other.
IMPLICATIONS = frozenset(
    r"""
    \Rightarrow \implies \iff \Leftrightarrow \Longrightarrow \Longleftrightarrow \impliedby
    \Leftarrow
    """.split()
)
IMPLYING_WORDS = frozenset(
    [
        "implies", "implies that", "which implies", "only if", "iff", "if and only if",
        "is equivalent to", "exactly if", "exactly when", "precisely if", "precisely when",
    ]
)  # fmt: skip
#: Signs between two statements that are both said to hold.
REASONS = frozenset([r"\therefore", r"\because"])
#: Environments that set a formula in rows, and change nothing of what it says.
ENVIRONMENTS = frozenset(
    r"""
    aligned align align* gathered gather gather* equation equation* split multline multline* flalign
    flalign* alignat alignat* alignedat eqnarray eqnarray* displaymath math dmath dmath* array
    """.split()
)
MATRICES = frozenset(r"matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix array".split())
CASES = frozenset(r"cases dcases rcases numcases".split())
#: Macros that give a delimiter its size, each with the one that closes it.
SIZES = {
    r"\left": r"\right", r"\right": "",
    r"\bigl": r"\bigr", r"\Bigl": r"\Bigr", r"\biggl": r"\biggr", r"\Biggl": r"\Biggr",
    r"\bigr": "", r"\Bigr": "", r"\biggr": "", r"\Biggr": "",
    r"\big": r"\big", r"\Big": r"\Big", r"\bigg": r"\bigg", r"\Bigg": r"\Bigg",
}  # fmt: skip
#: Delimiters, each with the one that closes it.
CLOSING = {
    "(": ")", "[": "]", r"\{": r"\}", r"\lVert": r"\rVert", r"\lvert": r"\rvert", "|": "|",
    r"\|": r"\|", "||": "||", r"\langle": r"\rangle", r"\lfloor": r"\rfloor",
    r"\lceil": r"\rceil", r"\mid": r"\mid", r"\parallel": r"\parallel",
}  # fmt: skip
#: Bars that open and close alike.
SAME_BARS = frozenset(["|", r"\|", "||", r"\mid", r"\parallel"])
CLOSERS = frozenset(CLOSING.values()) - SAME_BARS
BARS = frozenset([r"\lVert", r"\lvert"]) | SAME_BARS
DOUBLE_BARS = frozenset([r"\lVert", r"\|", "||", r"\parallel"])
#: What stands between the items of a group.
MIDDLES = frozenset([r"\middle", r"\bigm", r"\Bigm", r"\biggm", r"\Biggm"])
SEPARATORS = MIDDLES | {",", ";", ":", "|", r"\mid", r"\|", "||", r"\parallel"}
#: Signs that are names where they stand alone in a script.
SIGNS_AS_NAMES = frozenset(
    ["*", "+", "-", r"\ast", r"\star", r"\prime", r"\circ", r"\dagger", r"\bullet", r"\perp",
     r"\cdot", ":"]
)  # fmt: skip
SYMBOLS = GREEK | PLAIN_SYMBOLS | OTHER_SYMBOLS
NAMING = FONTS | ACCENTS | TEXT
#: Words that begin a condition, words that begin a remark, and words between two statements.
CONDITION_WORDS = frozenset(
    """
    if for when whenever unless provided given assuming such s.t. whereas as while in on
    """.split()
)
#: Words that begin a reason, which says nothing about where a formula holds.
REASON_WORDS = frozenset("since because by using from due recall note see".split())
#: Words between two conditions of a case that hold at once.
AND = frozenset(["and", "with"])
CONNECTIVES = frozenset(
    """
    and so thus hence therefore then where or but let set now also i.e. e.g. that is which means
    while we have get obtain with
    """.split()
)

#: What to write instead of common constructs that are not tested.
REFUSED = {
    r"\iint": "\\iint is not understood: write \\int \\int .. \\, dx \\, dy with limits",
    r"\oint": "Integrals along curves are not tested: write \\int_a^b with a parameter",
    r"\limsup": "\\limsup is not understood: write \\lim where the limit exists",
    r"\liminf": "\\liminf is not understood: write \\lim where the limit exists",
    r"\mathbb": "Blackboard letters are no names here: write the expectation of random variables, "
    "which are declared (let: X : \\Omega \\to \\mathbb{R}), or that over a law, "
    "\\mathbb{E}_{x \\sim p}[..]",
    r"\pm": "\\pm makes two claims: write one equation for each sign",
    r"\mp": "\\mp makes two claims: write one equation for each sign",
    r"\otimes": "\\otimes is not understood: write the product with indices, a_i b_j",
    r"\arg": "\\arg is not understood: write what holds there, as f(x^*) \\leq f(x), or "
    "\\nabla f(x^*) = 0",
    r"\argmax": "\\argmax is not understood: write what holds there, as f(x^*) \\leq f(x), or "
    "\\nabla f(x^*) = 0",
    r"\argmin": "\\argmin is not understood: write what holds there, as f(x^*) \\leq f(x), or "
    "\\nabla f(x^*) = 0",
    r"\sup": "\\sup is not understood: write \\max over an index",
    r"\inf": "\\inf is not understood: write \\min over an index",
    r"\Pr": "Probabilities are not understood: bind them to a node and write its name",
    r"\dots": "Dots leave something to guess: write \\sum or \\prod with an index",
    r"\ldots": "Dots leave something to guess: write \\sum or \\prod with an index",
    r"\cdots": "Dots leave something to guess: write \\sum or \\prod with an index",
    r"\vdots": "Dots leave something to guess: write the rule with indices",
    r"\ddots": "Dots leave something to guess: write the rule with indices",
    r"\dagger": "\\dagger is not understood: write \\top",
}
for _reason, _macros in {
    "changes the layout and says nothing: leave it out of a claim": r"""
        \phantom \hphantom \vphantom \smash \hline \vspace \rule \raisebox \noalign \centering
        \allowbreak \newpage
    """,
    "says what happens, and nothing that could be tested: write an equation": r"""
        \rightsquigarrow \leadsto \hookrightarrow \twoheadrightarrow \leftrightarrow
        \longleftrightarrow \rightleftharpoons \nearrow \searrow \curvearrowright
        \dashrightarrow \rightrightarrows
    """,
    "belongs in the sentence around the formula": r"""
        \footnote \cite \intertext \shortintertext \item \marginnote \href \url \caption
    """,
    "defines a macro: write it on a line of its own, outside of the claim": r"""
        \newcommand \renewcommand \providecommand \def \gdef \let \DeclareMathOperator
        \newenvironment
    """,
    "is of sets, which are not tested: write what holds for their members": r"""
        \backslash \smallsetminus \nsubseteq \sqcup \sqcap \uplus
    """,
    "counts or measures something: name it, with a letter or with \\text{..}": r"""
        \# \% \& \degree \textdegree \copyright \S
    """,
}.items():
    for _macro in _macros.split():
        REFUSED[_macro] = f"{_macro} {_reason}"
REFUSED[r"\mid"] = (
    "\\mid stands between two things in parentheses, as in p(y \\mid x): "
    "write \\lvert .. \\rvert for bars"
)
for _sign in OTHER_SIGNS - REFUSED.keys():
    REFUSED[_sign] = f"{_sign} is not understood: write \\cdot, \\odot, or sums over indices"

_DELIMITERS = frozenset(r"\lVert \rVert \lvert \rvert \langle \rangle \left \right".split())
#: What is understood, each listed in the reference.
KNOWN_MACROS = sorted(
    GREEK | PLAIN_SYMBOLS | FONTS | TEXT | ACCENTS | FUNCTIONS | FRACTIONS | PRODUCT_SIGNS
    | CONDITION_SIGNS | BY_SIGN.keys() | _DELIMITERS
    | {r"\sqrt", r"\int", r"\begin{aligned}", r"\begin{cases}"}
)  # fmt: skip
