"""What is not understood is refused, with a message of its own and a caret at the character."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edf import AnyFunction, Input
from edf.equations import EquationError, check_equation
from edf.equations.latex.vocabulary import KNOWN_MACROS, REFUSED
from edf.equations.operations import BY_WORD

PAGE = Path(__file__).parents[3] / "docs/reference/dialect.md"

# page, LaTeX, part of the message, the source from the caret on, options
REFUSALS: list[tuple[Any, ...]] = [
    # ------------------------------------------------------------------------------ what is typeset
    ("scalars", r"", "The claim is empty", ""),
    ("scalars", r"w", "Nothing is claimed here", "w"),
    ("scalars", r"= w", "starts with =", "= w"),
    ("scalars", r"w = ", "something is missing", ""),
    ("scalars", r"w = = x", "Two equality signs", "= x"),
    ("scalars", r"w = (x", "( is opened here and never closed", "(x"),
    ("scalars", r"w = x)", ") closes nothing", ")"),
    ("scalars", r"w = \frac{x}{y", "{ is opened here and never closed", "{y"),
    ("scalars", r"w = x}", "} closes nothing", "}"),
    ("scalars", r"w = \left(x", r"is not closed by \right", r"\left(x"),
    ("scalars", r"w = \left(x)", r"is not closed by \right", r"\left(x)"),
    ("scalars", r"w = (x]", "] stands where ) should close (: write ) before it", "]"),
    ("scalars", r"w = x \right)", r"\right", r"\right)"),
    ("scalars", r"w = \lVert x", r"\lVert is not closed by \rVert", r"\lVert x"),
    ("scalars", r"w = \sigmma(x)", r"did you mean \sigma?", r"\sigmma(x)"),
    ("scalars", r"w = \foobarbaz x", "is not understood: if it is your own, define it", r"\foobarbaz x"),
    ("scalars", r"w = x + ... + y", "Dots leave something to guess", "... + y"),
    ("scalars", r"w = \int x", "1 sign of integration and 0 differentials: write", r"\int x"),
    ("scalars", r"w = \int_0^1 x", "1 sign of integration and 0 differentials", r"\int_0^1 x"),
    ("scalars", r"w = \int x \, dx", "from where to where?", r"\int x"),
    ("scalars", r"w = \oint x", "Integrals along curves are not tested", r"\oint x"),
    ("scalars", r"w = \lim x", r"where does it go? Write \lim_{h \to 0}", r"\lim x"),
    ("vectors", r"a = \lim_{x \to 0} a", "x is no number of the graph: let another letter", None),
    ("scalars", r"w = \lim_{h \to 0} x", "does not depend on h", "x"),
    ("vectors", r"a = \lim_{k \to x} k", "The point of a limit is a number", None),
    ("scalars", r"w = 1 + O(1/x)", "with a power of one letter that goes to 0", r"O(1/x)"),
    ("scalars", r"w = 1 + 2 O(x)", "O(..) stands alone as a term of a side", r"2 O(x)"),
    ("scalars", r"w = y + O(x) + O(y)", "Which letter goes to 0?", r"O(y)"),
    ("scalars", r"t + y = s + O(p)", "Nothing here depends on p", r"O(p)"),
    ("scalars", r"w \leq O(x)", "Beside O(..) stands an equality sign", r"\leq"),
    ("scalars", r"w = O(x) \quad \text{as } x \to 1", "about another point", r"x \to 1"),
    ("vectors", r"(A A)_{:,j} = A A_{:,j}", "A row or a column is that of a name", "(A A)_{:,j} ="),
    ("vectors", r"x = \Phi(x)", r"\Phi is a function of a number here, and this is a column", "x)"),
    ("scalars", r"e^{i x} = w", "as the imaginary unit it is not understood", "i x"),
    ("vectors", r"a = \min_x a", r"\min over all values of x is not computed: write f(x) \geq ..", r"\min_x a"),
    ("vectors", r"x \succeq 0", r"\succeq is of matrices, and this is a column", r"\succeq"),
    ("vectors", r"x \otimes y = x y^\top", "An outer product, or Kronecker's?", r"y ="),
    ("scalars", r"w = \arg \max_i x_i", "write what holds there", r"\arg \max"),
    ("scalars", r"w = x \div y", r"\div is not understood: write", "y"),
    ("scalars", r"w = x \pm y", "one equation for each sign", "y"),
    ("scalars", r"w = x + \dots + y", "Dots leave something to guess", r"\dots + y"),
    ("scalars", r"w \approx x", "to how many digits?", r"\approx x"),
    ("scalars", r"w \sim x", "is not tested: only =", r"\sim x"),
    ("vectors", r"x \leq y", "compares numbers, not a column", "x"),
    ("scalars", r"w = x/y z", "What is below the slash?", "z"),
    ("scalars", r"w = x/y/y", "What is below the slash?", "/y"),
    ("scalars", r"w = x 2", "A number after a factor", "2"),
    ("scalars", r"w = 2 3", "A number after a factor", "3"),
    ("scalars", r"w = x^12", "TeX raises the first digit only", "12"),
    ("scalars", r"w = x_12", "TeX lowers the first digit only", "12"),
    ("scalars", r"w = x^-1", "TeX raises only -", "-1"),
    ("scalars", r"w = x^2^3", "A second superscript", "^3"),
    ("scalars", r"w = x_i_j", "A second subscript", "_j"),
    ("scalars", r"w = x^{(2)}", "is a label, not a power", "(2)}"),
    ("scalars", r"w = {x + y}^2", "Braces do not show", "{x + y}^2"),
    ("scalars", r"w = \exp{x + y}", "Braces do not show", "{x + y}"),
    ("vectors", r"a = x!", "A factorial of a column", "x!"),
    ("scalars", r"w = x \cdot -y", "A sign after", "-y"),
    ("scalars", r"w = \log x y", r"Where does the argument of \log end?", "y"),
    ("scalars", r"w = \log x (1 - y)", r"Where does the argument of \log end?", "x (1 - y)"),
    ("scalars", r"w = \log(x)^2", "Does ^ belong to", "^2"),
    ("scalars", r"w = \log^{-1} x", "inverse or reciprocal?", "-1} x"),
    ("vectors", r"a = \det^2 A", "the power of what?", "^2 A"),
    ("vectors", r"a = \sqrt[3]{x}", "A root is that of a number", "x}"),
    ("scalars", r"w = \sum x_i", r"What stands behind \sum does not depend on i", "x_i"),
    ("scalars", r"w = \sum x", r"\sum needs its index below: write \sum_i x_i", r"\sum x"),
    ("scalars", r"w = |x| y |x|", "Which bars belong together?", "|x| y |x|"),
    ("scalars", r"w = 2\frac{1}{2} x", "A mixed number, or a product?", r"\frac{1}{2} x"),
    ("scalars", r"w = 1e-3 x", "looks like a power of ten", "1e-3 x"),
    ("scalars", r"\begin{aligned} w &= x^2 \\[x] w &= x x \end{aligned}", "leave spacing between rows out", "[x]"),
    ("scalars", r"\begin{aligned} w &= x^2 \\* w &= x x \end{aligned}", "leave spacing between rows out", "* w"),
    ("scalars", r"w = 2{2} x", "A number after a factor", "2} x"),
    ("scalars", r"w = x{2}", "A number after a factor", "2}"),
    ("scalars", r"w = {1}{2}", "A number after a factor", "2}"),
    ("scalars", r"w = x \mathrm{1}", "looks like the number 1", r"\mathrm{1}"),
    ("scalars", r"w = \mathrm{0}", "Write 0 in the plain font", r"\mathrm{0}"),
    ("vectors", r"a = x_{1 2}", "Two numbers read as one", "2}"),
    ("scalars", r"w = \frac~{x}{y}", "TeX takes the space for the argument", "{x}{y}"),
    ("scalars", r"w = \mathbf~{x} x", "TeX takes the space for the argument", "{x} x"),
    ("scalars", r"w = x^\ 2", "TeX takes the space for the superscript", "2"),
    ("scalars", r"w = x_\, i", "TeX takes the space for the subscript", "i"),
    ("scalars", r"w = x_\operatorname{in}", "Put the whole script into braces", r"\operatorname{in}"),
    ("scalars", r"w = x\,^2", "on the space before it", "^2"),
    ("softmax", r"\sum\,_i P_i = 1", "on the space before it", "_i"),
    ("scalars", r"w = \sin~^2 x", "on the space before it", "^2"),
    ("scalars", r"w = x~_i", "on the space before it", "_i"),
    ("scalars", "w = x # y", "stands in the definition of a macro", "# y"),
    ("scalars", "w = x $", "A dollar sign", "$"),
    ("scalars", "w = ß", "The character 'ß' is not understood", "ß"),
    ("scalars", "w = x \\", "A backslash ends the formula", "\\"),
    ("scalars", "w = x²", "write ^{2}", "²"),
    ("scalars", "w = ℝ", r"write \mathbb{R}", "ℝ"),
    ("scalars", "w = 可", r"put words into \text{..}", "可"),
    ("scalars", "w = °", "write its LaTeX macro", "°"),
    ("scalars", 'w = "x"', "has no meaning in a formula", '"x"'),
    # ------------------------------------------------- what stands where something should close, or be
    ("scalars", r"w = (x \text{ in the sample})", "Words stand between ( and )", r"\text{ in"),
    ("scalars", r"w = \left(x \text{ in the sample}\right)", r"Words stand between \left( and \right)", r"\text{ in"),
    ("scalars", r"w = \{ x \text{ for some } y \}", "Sets by a condition are not tested", r"\text{ for"),
    ("scalars", r"w = \{ x \mid x > 0 \}", "Sets are not tested", r"\{ x"),
    ("scalars", r"w = \left\{ x > 0 \forall y \right\}", "Sets by a condition are not tested", r"\forall"),
    ("scalars", r"w = \left( x) + 1 \right]", r"\left( is not closed by \right)", r"\left("),
    ("scalars", r"w = \left[ x) + 1 \right]", r") stands where \right] should close \left[", ") + 1"),
    ("scalars", r"w = \bigl( x \bigr]", "] stands where ) should close (", "]"),
    ("scalars", r"w = x \bigl| y", r"for a condition, as in p(y \mid x), write \mid", r"\bigl|"),
    ("scalars", r"w = x_{b.c.}", r"put a label of words into \text{..}", ".c."),
    ("scalars", r"w = \sqrt{x = y}", "= stands within an argument", "= y}"),
    ("scalars", r"w = \binom{x}{y, x}", "Commas in an argument that takes one thing", ", x}"),
    ("scalars", r"w = x_{1,.}", r"write A_{i,:} for a row", ".}"),
    ("scalars", r"w = \frac{1}{2} [\\ x + \\ y]", "[ must close in the row in which it is opened", None),
    ("scalars", r"w = x^{(y+)}", "a sign has something on both of its sides", ")}"),
    ("scalars", r"w =, x", "Something is missing before ,", ", x"),
    ("scalars", r"w = 1,000", "write 1000 for the number", "000"),
    ("scalars", r"w = (0, \dots, 1, \dots 0)", "Behind dots in a list stands a comma", "0)"),
    ("scalars", r"w = x 1_{[0, 2]}", r"write \mathbb{1}[..] for an indicator", "1_{"),
    ("scalars", r"w = x--y", "Two signs side by side, - and -", "-y"),
    ("scalars", r"w = x {-y}", "Braces with a sign in front do not show", "-y}"),
    ("scalars", r"w = {max}_i x", r"write \max for the function", "{max}"),
    ("scalars", r"w = \parallel x \parallel", "The norm of a number", r"\parallel x"),
    ("scalars", r"w = x^2 \text{ or } w = x", "claim each of them by itself", r"\text{ or"),
    ("vectors", r"a = \underset{i}{\max}_j x_i", "A second index on", None),
    ("scalars", r"w = y' + 1", "or bind y_prime", None),
    ("vectors", r"a = log x y", "Where does the argument of log end?", "log x"),
    ("vectors", r"x = [x, y]", "write [x; y]", None),
    ("scalars", r"w = x^2 \, \text{theta}", "a factor or a remark?", r"\text"),
    ("scalars", r"w = x(2)", r"looks like a call: write x \cdot", None),
    ("scalars", r"\Tr A = w", r"did you mean \operatorname{tr}?", r"\Tr A"),
    ("scalars", r"w = \*", "is not understood here: leave it out", r"\*"),
    ("scalars", r"w = \begin{cases} & x \text{ if } x > 0 \end{cases}", "put & behind the value", "& x"),
    ("scalars", r"w = \begin{cases} x & \text{if $x$=2} \end{cases}", "This condition is in words (if $x$=2)", None),
    ("scalars", r"w = \begin{cases} x & \text{all else in } (0, 2) \end{cases}", "The words all else in are not", None),
    # ------------------------------------------------------------------------- what a name could be
    ("scalars", r"\mathrm{Cov}(x, y) = w", "a moment is that of random variables, which are declared", r"\mathrm{Cov}"),
    ("scalars", r"E[x] = w", "an expectation is that of random variables", "E[x]"),
    ("scalars", r"\delta_2 = w", r"declare a delta of your own (let: \delta_{2}", r"\delta_2"),
    ("vectors", r"A_{ijk} = x", "write A_{ij} for an entry, A_{i,:} for a row", None),
    ("scalars", r"n = w", r"declare it (let: n \in \mathbb{R}^m)", "n = w"),
    ("scalars", r"w = \begin{matrix} w = x \end{matrix}", "A relation is no value", "x "),
    ("scalars", r"\begin{tikzcd} w \end{tikzcd}", "The environment tikzcd", r"\begin{tikzcd} w"),
    ("scalars", r"\begin{aligned} w = x", "never closed", r"\begin{aligned} w"),
    ("scalars", r"w = \begin{cases} x & \text{if } x = 0 \\ y & \text{otherwise} \end{cases}", "Equality of values is no test", "x = 0"),
    ("scalars", r"w = \begin{pmatrix} x & y \\ x \end{pmatrix}", "different lengths", r"\begin{pmatrix}"),
    ("vectors", r"a = \begin{bmatrix} x & v \end{bmatrix}", "in one row", "v"),
    ("vectors", r"a = \begin{bmatrix} 1 & \dots & 1 \end{bmatrix}", "Dots leave something to guess", r"\dots"),
    ("scalars", "w = " + "(" * 50 + "x" + ")" * 50, "More than 40 levels", None),
    ("scalars", "w = " + "x + " * 3000 + "x", "10000 are read", None),
    # ---------------------------------------------------------------------------------------- names
    ("scalars", r"w = v", "is not bound on this page: declare it", "v"),
    ("scalars", r"w = h(x)", r"let: h : \mathbb{R}^n \to \mathbb{R}", "h(x)"),
    ("scalars", r"w = \sum_{k=1}^{M} k", r"let: M \in \mathbb{N}", None),
    ("scalars", r"w = \frac{1}{M} \sum_{k=1}^{M} x", r"let: M \in \mathbb{N}", "M}"),
    ("scalars", r"v \in \mathbb{R}^n", "write <!-- let --> before the formula", None),
    ("scalars", r"w = \sigma^{-1}(x)", r"what it satisfies: \sigma(y) = x", None),
    ("scalars", r"w = \sigma^2", r"let: \sigma \in \mathbb{R}", None),
    ("scalars", r"w = \hat{x}", "x_hat is not bound on this page", r"\hat{x}"),
    ("scalars", r"w = \text{thetta}", "did you mean theta?", r"\text{thetta}"),
    ("scalars", r"w = x^2 \quad \text{if x is large}", "This condition is in words", r"\text{if"),
    ("scalars", r"w = x^2 \quad \text{if } x = 0", "Equality of values is no test", "x = 0"),
    ("scalars", r"w = (x \quad y)", "Spacing of a \\quad or more separates", "y)"),
    ("scalars", r"w = x y \quad t", "Nothing is claimed here", "t"),
    ("scalars", r"w = \mathbb{E} x", "Blackboard letters are no names here", r"\mathbb{E} x"),
    ("scalars", r"w = \sigma x", "is a function: write its argument", r"\sigma x"),
    ("vectors", r"a = \operatorname{tr} A a", "is a function: write its argument", r"\operatorname{tr} A"),
    ("scalars", r"w = \phi", "is a function: write its argument", r"\phi"),
    ("scalars", r"w = \phi^2(x)", "a power of the function or of its value?", r"\phi^2(x)"),
    ("scalars", r"w = \phi_i(x)", "which has no components", r"\phi_i(x)"),
    ("scalars", r"w = \phi(x, y)", "cannot be called so", r"\phi(x, y)"),
    ("scalars", r"w = x'", "A prime stands at a function: write f'(x)", "x'"),
    ("softmax", r"l = l'(x)", "l is a node: a prime", "l'(x)"),
    ("scalars", r"w = x(y)", "looks like a call", "(y)"),
    ("scalars", r"w = w(y)", "as a function of them?", "(y)"),
    ("scalars", r"w = w(1 - x + w)", "as a function of them?", "(1 - x + w)"),
    ("scalars", r"w = c(x)", "looks like a call", "(x)"),
    ("scalars", r"w = x(y, y)", "products have no commas", "(y, y)"),
    ("scalars", r"w = i", "i is not bound", "i"),
    ("scalars", r"x = x + \mathbf{x}", "use one spelling", r"\mathbf{x}"),
    ("vectors", r"n q = \sum_{n} x_n", "n is bound on this page and cannot be an index", "n} x_n"),
    ("softmax", r"P_i = i", "i is an index here, and an index is no number", "i"),
    ("softmax", r"P_{\text{first}} = 1", "neither an index letter nor part of a name", r"\text{first}} = 1"),
    # -------------------------------------------------------------------------------------- indices
    ("softmax", r"P_i = l", "stands free on one side only: sum over it with", "l"),
    ("softmax", r"P_i = P_j", "i, j stand free on one side only", "P_j"),
    ("softmax", r"P_{ij} = x_i", "P has 1 index, and here it has 2", "P_{ij} = x_i"),
    ("softmax", r"l_i = x_i", "l is a number, and here it has 1 index", "l_i = x_i"),
    ("softmax", r"P_1 = x_1", "counted from 0 or from 1?", "P_1 = x_1"),
    ("softmax", r"P_5 = x_5", "no such component", "P_5 = x_5", {"reading": "base 1"}),
    ("softmax", r"P_{i+i} = x_i", "a letter plus or minus a number", "i+i}"),
    ("softmax", r"P_{i+j} x_i x_j = 0", "i+j goes beyond the", "P_{i+j}"),
    ("softmax", r"l = \sum_i (x_{i+1} - x_i)", "is shifted in this sum: write its bounds", None),
    ("softmax", r"P_i = \sum_j P_i", "does not depend on j", "P_i"),
    ("softmax", r"P_i = x_i \sum_i P_i", "summed in one place and used outside", None),
    ("softmax", r"\sum_i \sum_i x_i = l", "summed twice", None),
    ("softmax", r"l = \sum_{i=1}^{3} x_i", "has 4 values, and the sum ends at 3", "3} x_i"),
    ("softmax", r"l = \sum_{i=0}^{4} x_i", "has 4 values, and the sum ends at 4", "4} x_i"),
    ("softmax", r"l = \sum_{i=0}^{n} x_i", "A sum from 0 runs to n-1", "n} x_i"),
    ("softmax", r"l = \sum_{i=1} x_i", "A lower bound needs an upper one", None),
    ("softmax", r"l = \sum_i^3 x_i", "has 4 values, and the sum ends at 3", "3 x_i"),
    ("softmax", r"l = \sum_{i=2}^5 x_i", "has 4 values, and the sum ends at 5", "5 x_i"),
    ("softmax", r"l = \sum_{k=1}^{m} k", "What does k run over?", "{k=1}"),
    ("softmax", r"l = \prod_{k=1}^{\infty} k", "only series are", r"\infty"),
    ("softmax", r"l = \sum_{i \in S_k} x_i", "is not understood below a sum", "S_k} x_i"),
    ("softmax", r"l = \sum_{i \in S} x_i + \sum_{i \in T} x_i", "which values are in each?", "S} x_i"),
    ("softmax", r"l = \prod_i x_i l", "Does this factor belong to", "l"),
    # where a sum without parentheses ends matters to what it is in
    ("softmax", r"l = \log \sum_j e^{x_j} / 4", r"Is this within \log, or behind it?", "4"),
    ("softmax", r"x_i = \log \sum_j e^{x_j} x_i", r"Is this within \log, or behind it?", "x_i"),
    ("vectors", r"a = \log \sum_i \sum_j e^{x_i} e^{y_j} a", r"Is this within \log, or behind it?", "a"),
    ("softmax", r"l = \prod_i x_i / 2", r"Is this within \prod, or behind it?", "2"),
    ("softmax", r"l = \max_i x_i / l", r"Is this within \max, or behind it?", "l"),
    ("vectors", r"a = \max_i \sum_j W_{ij} a", r"Is this within \max, or behind it?", "a"),
    ("vectors", r"a = a / \sum_j x_j a", "Is this within the denominator, or behind it?", "a"),
    ("vectors", r"\nabla_x \sum_j x_j^2 a = x", "Is this within the derivative, or behind it?", "a = x"),
    ("softmax", r"\frac{\partial}{\partial x_k} \sum_j x_j^2 P_k = x_k", "Is this within the derivative", "P_k = x_k"),
    ("softmax", r"\delta_{ij} = \delta_{ji}", "tells their range", r"\delta_{ij} = "),
    ("softmax", r"x_i = \delta_i", "two index letters", r"\delta_i"),
    ("softmax", r"x_i = \delta_{ii} x_i", "whatever i is", r"\delta_{ii} x_i"),
    ("vectors", r"x_i = b_i", "The index i runs over 4 values elsewhere and over 3", "b_i"),
    ("vectors", r"z_i = \sum_j W_{ji} x_j", "runs over", None),
    # -------------------------------------------------------------------------------------- shapes
    ("vectors", r"z = W x + y", "cannot be added", "y"),
    ("vectors", r"z = b W", "does not fit", "W"),
    ("vectors", r"z = W b", "A 3 by 4 matrix times a column of 3 does not fit", "b"),
    ("vectors", r"q = x y", "Two columns cannot be multiplied", "y"),
    ("vectors", r"q = x \cdot b", "An inner product needs two of one shape", "b"),
    ("vectors", r"q = \langle x \rangle", "An inner product has two parts", r"\langle x"),
    ("vectors", r"z = x", "The left side is a column of 3, the right side a column of 4", "x"),
    ("vectors", r"q = x", "The left side is a number", "x"),
    ("vectors", r"x = x - 1", r"write \mathbf{1} for a column of ones", "1"),
    ("vectors", r"W^2 = W", "A power needs a square matrix", None),
    ("vectors", r"x = \frac{x}{y}", "Division by a column of 4", "y"),
    ("vectors", r"A = \exp(A)", "exp of a matrix", r"\exp(A)"),
    ("vectors", r"B = B^{-1}", "The inverse needs a square matrix", "B^{-1}"),
    ("vectors", r"\det(\mathbb{1}) = 1", "needs a square matrix, not a column of unknown", None),
    ("vectors", r"\operatorname{tr}(\mathbf{1}) = 1", "needs a square matrix, not a column", None),
    ("vectors", r"a = a^\top", "A number has no transpose", None),
    ("vectors", r"A^{-1}_{ij} = A_{ij}", "An entry of the inverse, or 1 over an entry?", "-1}_{ij}"),
    ("vectors", r"(A A)^{-1}_{ij} = A_{ij}", "Of the matrix, or of its entry?", "-1}_{ij}"),
    ("vectors", r"(A A)_{ij}^2 = A_{ij}", "Of the matrix, or of its entry?", "2 = "),
    ("vectors", r"A_{ij}^{-1} = A_{ij}", "An entry of the inverse, or 1 over an entry?", "-1} = "),
    ("vectors", r"A^{-1} = A", "An entry of the inverse, or 1 over an entry?", "-1} = ", {"reading": "componentwise i j"}),
    ("vectors", r"a = \lVert A \rVert", "Which norm of the matrix?", r"\lVert A"),
    ("vectors", r"a = \lvert x^\top \rvert", "Bars around a vector", r"\lvert x^"),
    ("vectors", r"a = \lVert a \rVert", "The norm of a number", r"\lVert a"),
    ("vectors", r"B = B \odot A", r"\odot needs two of one shape", "A"),
    ("vectors", r"A = A \odot A A", "Which product comes first", "A A"),
    ("vectors", r"x = x \times y", "between vectors or matrices", "y"),
    ("vectors", r"A = \operatorname{diag}(A)", "it takes a column", "A)"),
    ("vectors", r"\mathbf{1}^\top \mathbf{1} = a", "length of this cannot be told", None),
    ("vectors", r"m = F'(x)", "needs a function of one number", "F'(x)"),
    # --------------------------------------------------------------------------------- derivatives
    (
        "vectors", r"\frac{\partial}{\partial A} (x^\top A y) = x y^\top",
        "a row or a column?", "A} (x",
    ),
    ("softmax", r"\frac{\partial l}{\partial x} = \frac{\partial l}{\partial P} \frac{\partial P}{\partial x}", r"a row or a column? Write \nabla_{x}", "x} = "),
    ("vectors", r"\frac{\partial \ell}{\partial W^\top} = W", "The left side is a 4 by 3 matrix", "W"),
    ("vectors", r"\frac{\partial z}{\partial W} = W", "is no matrix", "W} = W"),
    ("vectors", r"\nabla_x z = W", "the Jacobian or its transpose?", "z = W"),
    ("vectors", r"\nabla \ell = x", "The gradient with respect to what?", r"\nabla \ell = x"),
    ("vectors", r"\nabla_x \ell y = x", "Where does the derivative end?", None),
    ("vectors", r"\frac{\partial C}{\partial C} = C", "not a node of the graph", "C} = C"),
    ("vectors", r"x.\text{grad} = x", 'Declare it: loss="l"', "x.\\text{grad} = x"),
    ("scalars", r"\frac{\partial w}{\partial x y} = x", "every name has its own d", None),
    ("scalars", r"\frac{\partial w}{dx} = x", "One kind of d above and another below", None),
    ("scalars", r"\frac{\partial^2 w}{\partial x} = x", "The order is 2 above and 1 below", None),
    ("scalars", r"\frac{\partial^4 w}{\partial x^4} = x", "Fourth derivatives are not tested", "4 w"),
    ("scalars", r"\phi''''(x) = x", "Fourth derivatives are not tested", None),
    ("scalars", r"\frac{d}{dx} x y = y", "Where does the derivative end?", "x y = y"),
    ("scalars", r"\frac{d}{dx} (x) (y) = y", "Where does the derivative end?", "(x) (y) = y"),
    ("scalars", r"\frac{d}{dx} = y", "What does this derivative act on?", None),
    ("scalars", r"\frac{\partial \cdot x y}{\partial x} = y", "of a product", None),
    ("scalars", r"\frac{\partial}{\partial x} (x s) = s", "directly and through s: is s held fixed?", "x} (x s)"),
    ("chain", r"\frac{\partial}{\partial x} (x y) = y", r"Write \frac{d}{d x} for the total", "x} (x y)"),
    ("chain", r"\frac{\partial f(x, y)}{\partial x} = 1", "directly and through y", "x} = 1"),
    ("softmax", r"\frac{\partial \log \sum_j e^{x_j} l}{\partial x_i} = 1", "Is this within", "l}{"),
    ("chain", r"\frac{\partial (x + y)}{\partial x} = 1", "directly and through y", "x} = 1"),
    ("scalars", r"\frac{d x}{d w} = \frac{1}{2x}", "write the derivative the other way round", "w} = "),
    ("chain", r"\frac{\partial u(2x)}{\partial y} = y", "computes y anew", "y} = y"),
    ("scalars", r"\frac{\partial w}{\partial c} = y", "not a node of the graph", "c} = y"),
    ("scalars", r"\frac{\partial w}{\partial \pi} = y", "There is no derivative with respect to", None),
    ("layers", r"\frac{\partial \phi}{\partial z_i} = 1", "is applied at no node", r"\phi}{\partial"),
    ("scalars", r"\frac{\partial w}{\partial x}^2 = y", "easy to misread", None),
    # ----------------------------------------------------------------- what was refused and untried
    ("scalars", r"w = (x \quad y)", "Spacing of a \\quad or more separates", None),
    ("scalars", r"w = x \end{aligned}", r"ends nothing that began here: remove it, or write \begin{aligned} before", None),
    ("scalars", r"w = x \bigr)", "closes nothing", None),
    ("scalars", r"w = \left x", "is not understood behind \\left", None),
    ("scalars", r"w = ()", "Nothing stands between ( and )", None),
    ("scalars", r"w = \left. x )", r"\left. is not closed by \right|", None),
    ("scalars", r"w = \left. x \right\}", r"\left. is not closed by \right|", None),
    ("scalars", r"w = \left. x \right|", r"At which point?", None),
    ("scalars", r"w = \begin{cases} x \end{cases}", "A case is written value & condition: put & between", None),
    ("scalars", r"w = \begin{cases} x & \text{if } y \end{cases}", "A condition is written left = right", None),
    ("scalars", r"w = {x", "{ is opened here and never closed", None),
    ("scalars", r"w = {}", "Empty braces: leave them out", None),
    ("scalars", r"w = \frac{}{x}", r"An argument of \frac is empty", None),
    ("scalars", r"w = \frac(x)", r"\frac needs its arguments in braces", None),
    ("scalars", r"w = \frac1.5 x", "TeX takes the first digit only", None),
    ("scalars", r"w = \sin'", r"\sin' has no argument", None),
    ("scalars", r"w = \sin", r"\sin has no argument", None),
    ("scalars", r"w = \sin_2 x", r"\sin takes no subscript here", None),
    ("scalars", r"w = \exp{}", "Empty braces: leave them out", None),
    ("scalars", r"w = \sum_i", r"\sum of what?", None),
    ("scalars", r"w = \sum_i_j x", r"A second _ on \sum", None),
    ("scalars", r"\begin{aligned} w = x \end{gathered}", r"stands where \begin{aligned} should end", None),
    ("scalars", r"w = x^2'", "A prime behind a superscript", None),
    ("scalars", r"w = x^", "The formula ends where a superscript should stand", None),
    ("scalars", r"w = x^{}", "Empty braces: leave them out", None),
    ("scalars", r"w = x_", "The formula ends where a subscript should stand", None),
    ("scalars", r"w = x_{}", "Empty braces: leave them out", None),
    ("scalars", r"w = x_{", "{ is opened here and never closed", None),
    ("scalars", r"w = \mathbf{}", "Empty braces: leave them out", None),
    ("scalars", r"w = \text{x", "{ is opened here and never closed", None),
    ("scalars", r"w = \log_{x, y} x", "The base of a logarithm is one number", None),
    ("scalars", r"w = \sin(x, y)", "takes one argument", None),
    ("vectors", r"a = \sum_{i, i} x_i", "One index twice below one sign", None),
    ("vectors", r"a = \sum_{i < i} x_i", "An index compared with itself", None),
    ("vectors", r"a = \sum_{i=1}^{x} x_i", "cannot be an upper bound", None),
    ("scalars", r"w = \begin{cases} x & \text{otherwise} \\ y & x > 0 \end{cases}", "must be the last", None),
    ("vectors", r"z = \int_0^1 x \, dq", "An integral of vectors", None),
    ("vectors", r"a = \int_x^1 q \, dq", "A limit of an integral is a number", None),
    ("vectors", r"a = \lVert x \rVert_3", "This norm is not understood", None),
    ("scalars", r"w = \text{some words}", "Words have no place in a formula", None),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: f"{case[0]}: {case[1][:50]}")
def test_message_and_caret(case: tuple[Any, ...], check: Any) -> None:
    """The message says what was not understood, and the caret stands at it."""
    page, latex, message, rest, *more = case
    with pytest.raises(EquationError) as raised:
        check(page, latex, **(more[0] if more else {}))
    error = raised.value
    assert message in error.message
    assert "\n" not in error.message
    if rest is not None:
        assert latex[error.position :].startswith(rest)


def test_text_of_an_error_shows_line_and_caret(check: Any) -> None:
    """str() is the message, the line of the formula, and a caret under the character."""
    latex = "\\begin{aligned}\n w &= x^2 \\\\\n s &= \\sigmma(x)\n\\end{aligned}"
    with pytest.raises(EquationError) as raised:
        check("scalars", latex)
    message, line, caret = str(raised.value).splitlines()
    assert message == raised.value.message
    assert line.strip() == r"s &= \sigmma(x)"
    assert line[caret.index("^") :].startswith(r"\sigmma")


def test_long_line_is_cut_around_the_caret(check: Any) -> None:
    """Of a long formula the part around the caret is shown."""
    latex = "w = " + "x + " * 60 + "nothing" + " + x" * 60
    with pytest.raises(EquationError) as raised:
        check("scalars", latex)
    _, line, caret = str(raised.value).splitlines()
    assert len(line) < 100
    assert line[caret.index("^")] == "n"


def test_function_at_two_nodes() -> None:
    """The derivative of a function that is applied twice could mean either node."""
    f = AnyFunction()
    x = Input(shape=())
    u = f(x)
    l = f(u)
    with pytest.raises(EquationError, match="applied at 2 nodes"):
        check_equation(r"\frac{\partial f}{\partial x} = x", {"f": f, "x": x, "u": u, "l": l})


def test_explicit_or_total_derivative() -> None:
    """u = f(x, g(x)): a partial is ambiguous, a total derivative is not."""
    f, g = AnyFunction(), AnyFunction()
    x = Input(shape=())
    for y in (g(x), x * 2):
        u = f(x, y)
        names = {"f": f, "g": g, "x": x, "y": y, "u": u}
        for target in ("u", "f"):
            latex = rf"\frac{{\partial {target}}}{{\partial x}} = x"
            with pytest.raises(EquationError, match="directly and through"):
                check_equation(latex, names)
            without = {name: node for name, node in names.items() if name != "y"}
            with pytest.raises(EquationError, match="directly and through"):
                check_equation(latex, without)
        assert check_equation(r"\frac{d u}{d x} = x", names)[0].status == "refuted"


def test_a_hat_is_said_where_a_partial_is_ambiguous() -> None:
    """The letter without its hat may be something else."""
    x = Input(shape=())
    y = x * 2
    latex = r"\frac{\partial l}{\partial \hat{x}} = 1"
    with pytest.raises(EquationError, match=r"on x_hat directly and through y_hat") as raised:
        check_equation(latex, {"x_hat": x, "y_hat": y, "l": x * y})
    assert r"Write \frac{d l}{d \hat{x}} for" in raised.value.message
    assert r"\right|_{\hat{y}} with y_hat held fixed" in raised.value.message


def test_named_intermediate_makes_a_partial_ambiguous() -> None:
    """In y = (x - m)/s with m named, dy/dx may hold m fixed; with nothing named it may not."""
    from edf import Mean

    x = Input(shape=(3,))
    m = Mean(x)
    y = x - m
    latex = r"\frac{\partial y_i}{\partial x_j} = \delta_{ij} - \frac{1}{3}"
    with pytest.raises(EquationError, match="through m"):
        check_equation(latex, {"x": x, "m": m, "y": y})
    assert check_equation(latex, {"x": x, "y": y})[0].status == "verified"


@pytest.mark.parametrize(
    ("names", "latex", "message"),
    [
        ({"ell": Input(shape=()), "l": Input(shape=())}, r"\ell = 1", "Both ell and l are bound"),
        ({"x": Input(shape=(2,)), "x_i": Input(shape=())}, "x_i = 1", "Rename one"),
        ({"x": Input(shape=(2,)), "x_mu": 1.0}, r"x_\mu = 1", "Rename one"),
        ({"x": Input(shape=(2,)), "delta": Input(shape=(2, 2))}, r"x_i = \sum_j \delta_{ij} x_j",
         "Kronecker's delta, or the delta of this page?"),
        ({"t": 2.0, "r": 3.0, "A": Input(shape=(2, 2))}, "tr(A) = 0", "the function, or a product"),
        ({"pi": 3.0, "q": 1.0}, "p_i = q", "p is not bound"),
        ({"x": "text"}, "x = 1", "x is bound to a str"),
        ({"x": True}, "x = 1", "x is bound to a bool"),
        ({"x": Input()}, "x = 1", "neither value nor shape"),
        ({"x": Input(shape=()), "d": 2.0, "y": 1.0}, r"\frac{d y}{d x} = 1", "d is bound"),
        ({"x": Input(shape=()), "e": 2.0}, "e^x = 1", r"write \exp"),
        ({"x": Input(shape=(2, 2)), "T": 3}, "x^T = x", r"write \top"),
        ({"x": Input(shape=(2, 2, 2))}, "x = x", "has 3 axes"),
        ({"x": Input(np.array([1, 2])), "y": Input(shape=())}, r"\frac{\partial x_i}{\partial x_j} = y",
         "free on one side"),
        ({"x": Input(np.array([1, 2]))}, r"\frac{\partial x_i}{\partial x_j} = \delta_{ij}",
         "whole numbers"),
    ],
)  # fmt: skip
def test_names_that_mislead(names: dict[str, Any], latex: str, message: str) -> None:
    """A name that could be two things, or is of no use, is refused."""
    with pytest.raises(EquationError) as raised:
        check_equation(latex, names)
    assert message in raised.value.message


def test_component_or_name_of_its_own() -> None:
    """With a declared base, x_1 is a component of x or the name x_1: not both."""
    names = {"x": Input(shape=(4,)), "x_1": Input(shape=())}
    with pytest.raises(EquationError, match="Rename one"):
        check_equation(r"x_1 = 2", names, reading="base 1")
    assert check_equation(r"x_1 = 2", names)[0].reading == "x_1 = 2"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"expect": "verifed"}, "did you mean 'verified'?"),
        ({"expect": "verified refuted"}, "The claim has 1 step, and expect has 2 words"),
        ({"reading": "componentwise"}, "is not understood: write"),
        ({"reading": "base 2"}, "is not understood: write"),
        ({"loss": "nothing"}, "no node of that name"),
        ({"points": 0}, "at least one point"),
    ],
)
def test_options(options: dict[str, Any], message: str, check: Any) -> None:
    """A bad option is refused before anything is tested."""
    with pytest.raises(EquationError) as raised:
        check("scalars", "w = x^2", **options)
    assert message in raised.value.message


# ------------------------------------------------------------------- the page that tells authors


def _dialect_page() -> ModuleType:
    """`scripts/dialect_page.py`, which writes the tables of the page."""
    script = PAGE.parents[2] / "scripts/dialect_page.py"
    spec = importlib.util.spec_from_file_location("dialect_page", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DIALECT = _dialect_page()
SHOWN = [latex for formulas in DIALECT.REFUSED_FORMULAS.values() for latex in formulas]


@pytest.fixture(scope="module")
def names() -> dict[str, object]:
    """Return what the page's Python binds."""
    found: dict[str, object] = DIALECT.bound()
    return found


def test_the_page_says_what_the_dialect_says() -> None:
    """If this fails: `python scripts/dialect_page.py`."""
    page = PAGE.read_text("utf-8")
    assert DIALECT.with_tables(page) == page
    assert len(SHOWN) > 30


def test_a_changed_message_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard would see it; and so it would see a construct that is set otherwise."""
    page = PAGE.read_text("utf-8")
    monkeypatch.setattr(DIALECT, "message_of", lambda latex, names: "No: write yes")
    changed = DIALECT.with_tables(page)
    assert "| No | Write yes |" in changed
    assert DIALECT.with_tables(page.replace("| $a/c$ |", "| $a$ |")).count("$a/c$") == page.count(
        "$a/c$"
    )


@pytest.mark.parametrize("latex", SHOWN, ids=lambda value: value[:30])
def test_each_refusal_on_the_page_has_a_tested_message(
    latex: str, names: dict[str, object]
) -> None:
    """What the page shows is refused with one of the messages that are tested by word and caret."""
    with pytest.raises(EquationError) as raised:
        check_equation(latex, names)
    assert any(fragment in raised.value.message for _, _, fragment, *_ in REFUSALS)


@pytest.mark.parametrize("latex", SHOWN, ids=lambda value: value[:30])
def test_each_refusal_on_the_page_says_what_to_write(latex: str, names: dict[str, object]) -> None:
    """Behind the reason stands the advice, in a column of its own."""
    _, advice = DIALECT.divided(DIALECT.message_of(latex, names))
    assert advice


@pytest.mark.parametrize("macro", sorted(REFUSED))
def test_each_refused_macro_has_its_message(macro: str) -> None:
    """Every entry of the vocabulary of refusals is reached."""
    names = {name: Input(shape=()) for name in "xyz"}
    after = {r"\lfloor": r"\rfloor", r"\lceil": r"\rceil", r"\mathbb": "= 1"}.get(macro, "")
    messages = []
    for latex in (
        f"x = {macro} y {after}",
        f"x = y {macro} z",
        f"{macro}{{E}} {after}",
        f"x = {macro}_y y",
    ):
        try:
            check_equation(latex, names)
        except EquationError as error:
            messages.append(error.message)
    assert REFUSED[macro] in messages


def test_each_macro_and_each_operation_of_the_dialect_is_on_the_page() -> None:
    """A construct that is understood is listed."""
    text = PAGE.read_text()
    words = [word for word in BY_WORD if re.search(rf"\b{word}\b", text) is None]
    assert [macro for macro in KNOWN_MACROS if macro not in text] + words == []


def test_the_readings_on_the_page_are_made(names: dict[str, object]) -> None:
    """A row cannot claim a reading, nor be there for what is refused."""
    row = "| `a/c` | $a$ | `a*c` | quotient |"
    table = f"| Written | Set | Read as | Remark |\n| --- | --- | --- | --- |\n{row}"
    assert "| $a/c$ | `a/c` | quotient |" in DIALECT.of_constructs(table, names)
    with pytest.raises(SystemExit, match="is below the slash"):
        DIALECT.reading("a/c a", names)
