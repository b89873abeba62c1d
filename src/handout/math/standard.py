r"""Standard LaTeX that `math-core` lacks, written with what it has.

Each rule is a line of a table or one small function. A rewriting keeps every formula on its lines,
so that the line of an error is that of the author.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from handout.page.macros import group

#: Macros of packages that everybody loads, as macros of what is there.
MACROS: Mapping[str, str] = {
    "widetilde": r"\tilde{#1}",  # browsers stretch none
    "mathds": r"\mathbb{#1}",
    "mathbbm": r"\mathbb{#1}",
    "pmb": r"\boldsymbol{#1}",
    "ensuremath": "{#1}",
    "smash": "{#1}",
    "mathclap": "{#1}",
    "mathllap": "{#1}",
    "mathrlap": "{#1}",
    "llap": "{#1}",
    "rlap": "{#1}",
    "strut": r"\mathstrut",
    "enskip": r"\enspace",
    "dotsc": r"\ldots",
    "dotso": r"\ldots",
    "hdots": r"\ldots",
    "dotsb": r"\cdots",
    "dotsm": r"\cdots",
    "dotsi": r"\cdots",
    "smallsetminus": r"\setminus",
    "Arrowvert": r"\Vert",
    "arrowvert": r"\vert",
    "defeq": r"\coloneqq",
    "eqdef": r"\coloneqq",
    "qed": r"\blacksquare",
    # what authors define for themselves, all in this way
    "grad": r"\nabla",
    "E": r"\mathbb{E}",
    "R": r"\mathbb{R}",
    "norm": r"\lVert #1 \rVert",
    "abs": r"\lvert #1 \rvert",
    "T": r"^{\top}",
    **{
        word: rf"\operatorname{{{word}}}"
        for word in "Cov cov Var var Corr corr tr diag sgn sign rank softmax relu KL".split()
    },
}

_PLAIN: tuple[tuple[str, str], ...] = (
    (r"\\(?:mbox|hbox|textup|textnormal)(?![A-Za-z])", r"\\text"),
    (r"\\text\s*\{\s*\\(bf|it|sf|tt|rm)(?![A-Za-z])\s*([^{}]*)\}", r"\\text\1{\2}"),
    (
        r"\\text\s*\{\s*\\textcolor\s*(\{[^{}]*\})\s*(\{[^{}]*\})\s*\}",
        r"\\textcolor\1{\\text\2}",
    ),
    (r"\\(?:tiny|scriptsize|footnotesize|small|normalsize|large|Large|huge)(?![A-Za-z])[ ]?", ""),
    (r"\\(?:hfill|par)(?![A-Za-z])", ""),
    (r"\\vspace\*?\s*\{[^{}]*\}", ""),
    (r"\\cr(?![A-Za-z])", r"\\\\"),
    (r"\\\\(?=\s*\\end\s*\{(?:array|[bpvBV]?matrix\*?|smallmatrix)\})", ""),  # which ends no row
    (r"\\hspace\*", r"\\hspace"),
    (r"\\(?!operatorname\*|tag\*|(?:re)?newcommand\*|DeclareMath)([A-Za-z]+)\*", r"\\\1 *"),
    (r"\^\{('+)\}", r"\1"),
    (r"\\triangledown(?![A-Za-z])", r"\\nabla "),
    (r"\\\n", "\\\\ \n"),  # a blank, written at the end of a line
    (r"\(\s*\\ref\s*(\{[^{}]*\})\s*\)", r"\\eqref\1"),
    (r"\\ref\s*(\{[^{}]*\})", r"\\eqref\1"),
    (r"\\left\s*<", r"\\left\\langle "),
    (r"\\right\s*>", r"\\right\\rangle "),
    (r"(?<=\})\s*\\limits(?![A-Za-z])", ""),  # of \mathop{...}, which has its limits there anyway
    (r"\\buildrel\s*(\S+?)\s*\\over\s*(\\[A-Za-z]+|\S)", r"\\overset{\1}{\2}"),
    (r"\\root\s*(\S+?)\s*\\of\s*(\{[^{}]*\}|\\[A-Za-z]+|\S)", r"\\sqrt[\1]{\2}"),
    (r"\\tag(\*?)\s*([^\s{*])", r"\\tag\1{\2}"),
    (r"\\(begin|end)\s*\{(?:split|multlined)\}", r"\\\1{aligned}"),
    (r"\\(begin|end)\s*\{dmath(\*?)\}", r"\\\1{equation\2}"),
    (r"\\(begin|end)\s*\{(?:math|displaymath)\}", ""),
    (r"\\(begin|end)\s*\{([bpvBV]?matrix)\*\}(?:\[[lcr]\])?", r"\\\1{\2}"),
    (r"\\(begin|end)\s*\{tabular\}", r"\\\1{array}"),
    (r"\\begin\s*\{alignedat\}(?:\s*\{\d+\})?", r"\\begin{aligned}"),
    (r"\\end\s*\{alignedat\}", r"\\end{aligned}"),
    (r"\\begin\s*\{alignat(\*?)\}(?:\s*\{\d+\})?", r"\\begin{align\1}"),
    (r"\\(begin|end)\s*\{(?:alignat|flalign|eqnarray)(\*?)\}", r"\\\1{align\2}"),
    (r"\\begin\s*\{smallmatrix\}", r"{\\scriptstyle\\begin{matrix}"),
    (r"\\end\s*\{smallmatrix\}", r"\\end{matrix}}"),
)
#: The rules, none of which begins with the second backslash of a line break.
_RULES = [(rf"(?<!\\){pattern}", replacement) for pattern, replacement in _PLAIN]
#: Most formulas follow none of the rules, which a single search finds out.
_ANY = re.compile(rf"(?<!\\)(?:{'|'.join(pattern for pattern, _ in _PLAIN)})")

_TEXT = re.compile(r"\\(?:text|textrm|textit|textbf|textsf|texttt|emph)\s*(?=\{)")
_SUBSTACK = re.compile(r"\\substack\s*(?=\{)")
_INTERTEXT = re.compile(r"\\(?:short)?intertext\s*(?=\{)")
_INSIDE = re.compile(r"(?<!\\)\$(?P<dollars>.+?)(?<!\\)\$|\\\((?P<round>.+?)\\\)", re.DOTALL)
_LABEL = re.compile(r"\\(?P<macro>label|ref|eqref)\s*\{(?P<name>[^{}]*)\}")
_NUMBERED = re.compile(r"\\begin\s*\{(?:equation|align|gather|multline)\}")
_STARRED = re.compile(
    r"\\begin\s*\{(?P<name>equation|align|gather|multline)\*\}(?P<body>.*?)\\end\s*\{(?P=name)\*\}",
    re.DOTALL,
)
_TAG = re.compile(r"\\tag\*?\s*\{")
_EQNARRAY = re.compile(r"\\begin\s*\{eqnarray\*?\}.*?\\end\s*\{eqnarray\*?\}", re.DOTALL)
_MIDDLE = re.compile(r"&\s*((?:\\[A-Za-z]+|[=<>:+-])+)\s*&")
_ROW = re.compile(r"\\\\")


def standard(latex: str, display: bool = True) -> str:
    """The formula in LaTeX that `math-core` has, where this module knows how.

    Args:
        latex: as its author wrote it.
        display: whether it stands on a line of its own, where equations may be numbered.
    """
    if "\\" not in latex and "^{'" not in latex:
        return latex
    latex = _EQNARRAY.sub(lambda found: _MIDDLE.sub(r"&\1 ", found[0]), latex)
    if _ANY.search(latex):
        for pattern, replacement in _RULES:
            latex = re.sub(pattern, replacement, latex)
    latex = _each(latex, _TEXT, _text)
    latex = _each(
        latex, _SUBSTACK, lambda _, body: rf"\begin{{subarray}}{{c}}{body}\end{{subarray}}"
    )
    latex = _each(latex, _INTERTEXT, lambda _, body: rf"&\text{{{body}}}\\")
    latex = _LABEL.sub(lambda found: rf"\{found['macro']}{{{as_id(found['name'])}}}", latex)
    return _numbered(latex, display)


def with_scripts(latex: str, macros: Mapping[str, str]) -> str:
    r"""The formula with macros that are scripts, as ^\top is, written out.

    `math-core` would hang them on nothing, and not on what stands before them.
    """
    for name, body in macros.items():
        if body.lstrip().startswith(("^", "_", "'")) and "#" not in body:
            written = body.replace("\\", r"\\")  # as a replacement, in which a backslash escapes
            latex = re.sub(rf"(?<!\\)\\{name}(?![A-Za-z])", written, latex)
    return latex


def as_id(name: str) -> str:
    """A label as `math-core` takes it, which has no underscores in them."""
    return name.strip().replace("_", "-")


def unnumbered(latex: str) -> str:
    """The formula without numbers, tags and labels: what it says, wherever it is shown."""
    text = re.sub(r"\\(?:nonumber|notag)(?![A-Za-z])", "", latex)
    text = re.sub(r"\\label\s*\{[^{}]*\}", "", text)
    text = re.sub(r"\\tag\*?\s*(?:\{[^{}]*\}|[^\s{*])", "", text)
    names = "equation|align|alignat|flalign|gather|multline|eqnarray|dmath"
    return re.sub(rf"\\(begin|end)\s*\{{({names})\}}", r"\\\1{\2*}", text)


def _each(latex: str, macro: re.Pattern[str], write: Callable[[str, str], str]) -> str:
    """Replace a macro and its argument by what `write` makes of both."""
    position = 0
    while (found := macro.search(latex, position)) is not None:
        argument = group(latex, found.end())
        if argument is None:
            position = found.end()
            continue
        written = write(found[0], latex[argument.start : argument.end])
        latex = latex[: found.start()] + written + latex[argument.end + 1 :]
        position = found.start() + len(written)
    return latex


def _text(macro: str, body: str) -> str:
    """Text with formulas in it as text and formulas, in turn."""
    parts: list[str] = []
    end = 0
    for found in _INSIDE.finditer(body):
        parts += [body[end : found.start()], found["dollars"] or found["round"]]
        end = found.end()
    parts.append(body[end:])
    written = [
        part if number % 2 else f"{macro}{{{_underscores(part)}}}"
        for number, part in enumerate(parts)
        if part
    ]
    return written[0] if len(written) == 1 and len(parts) == 1 else "{" + "".join(written) + "}"


def _underscores(text: str) -> str:
    """Text in which an underscore is one, as in the name of a variable."""
    return re.sub(r"(?<!\\)_", r"\\_", text)


def _numbered(latex: str, display: bool) -> str:
    """The formula with its tags and labels where `math-core` takes them: in a numbered equation."""
    latex = _STARRED.sub(_tagged, latex)
    if _NUMBERED.search(latex) or not (_TAG.search(latex) or r"\label" in latex):
        return latex
    if display:
        return rf"\begin{{equation}}{latex}\end{{equation}}"
    return unnumbered(latex)


def _tagged(found: re.Match[str]) -> str:
    """An environment without numbers: with those of its rows that have tags."""
    name, body = found["name"], found["body"]
    if not _TAG.search(body):
        body = re.sub(r"\\label\s*\{[^{}]*\}", "", body)
        return rf"\begin{{{name}*}}{body}\end{{{name}*}}"
    if name in ("align", "gather"):
        rows = _ROW.split(body)
        body = r"\\".join(row if _TAG.search(row) else row + r"\notag " for row in rows)
    return rf"\begin{{{name}}}{body}\end{{{name}}}"
