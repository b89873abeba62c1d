r"""Functions of one number: `\exp x`, `\sigma(x)`, `\operatorname{relu}(x)`.

On a vector all of them act on each entry. On a matrix only the activations do, by custom: for the
others, a matrix has a meaning of its own, as \exp(A) is a power series.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edf.equations.operations.operation import Array, Operation, called, negative
from edf.equations.operations.shapes import Shape, ShapeRuleError, describe, is_column, is_vector
from edf.equations.operations.special import erf, erfc, gamma, normal


def logistic(z: Array) -> Array:
    """1 / (1 + exp(-z))."""
    value: Array = 1 / (1 + np.exp(-z))
    return value


def logarithm(z: Array) -> Array:
    """The natural logarithm; of 0 no number, not even an infinite one."""
    value: Array = np.log(z)
    return np.where(z == 0, np.nan, value) if (z == 0).any() else value


def rectified(z: Array) -> Array:
    """max(0, z)."""
    return np.where(np.real(z) <= 0, 0, z)


def absolute(z: Array) -> Array:
    """The absolute value; of a complex step, with its sign's derivative."""
    return np.where(negative(z), -z, z)


def _function(
    name: str,
    value: Callable[[Array], Array],
    *words: str,
    macros: tuple[str, ...] | None = None,
    latex: str = "",
    symbols: tuple[str, ...] = (),
    activation: bool = False,
    inverse: str = "",
    branches: bool = False,
    only_numbers: bool = False,
) -> Operation:
    """Describe a function of one number. Its macro is `\\name` unless `macros` says otherwise."""

    def shape(argument: Shape) -> Shape:
        if only_numbers and argument is not None:  # of vectors these letters are features, sets
            raise ShapeRuleError(
                f"{latex} is a function of a number here, and this is {describe(argument)}: write "
                f"an index, or declare {latex}",
                0,
            )
        if argument is not None and not activation and not is_vector(argument):
            raise ShapeRuleError(
                f"{name} of a matrix: write it with indices if it is meant elementwise"
            )
        return argument

    own = (f"\\{name}",) if macros is None else macros
    latex = latex or (own[0] if own else rf"\operatorname{{{name}}}")
    plain, shown = called(name, latex)
    return Operation(
        name, value, shape, plain, shown, own, words or (name,), symbols, latex_name=latex,
        inverse=inverse, powered=True, elementwise=True, branches=branches,
    )  # fmt: skip


FUNCTIONS = [
    _function("exp", np.exp),
    _function("log", logarithm, "log", "ln", macros=(r"\log", r"\ln")),
    _function("sqrt", np.sqrt, macros=(), branches=True),
    # ------------------------------------------------------------------ trigonometric, hyperbolic
    _function("sin", np.sin, inverse="arcsin"),
    _function("cos", np.cos, inverse="arccos"),
    _function("tan", np.tan, inverse="arctan"),
    _function("sec", lambda z: 1 / np.cos(z)),
    _function("csc", lambda z: 1 / np.sin(z)),
    _function("cot", lambda z: 1 / np.tan(z)),
    _function("sinh", np.sinh, inverse="arsinh"),
    _function("cosh", np.cosh, inverse="arcosh"),
    _function("tanh", np.tanh, activation=True, inverse="artanh"),
    _function("coth", lambda z: 1 / np.tanh(z)),
    _function("sech", lambda z: 1 / np.cosh(z), macros=()),
    _function("csch", lambda z: 1 / np.sinh(z), macros=()),
    _function("arcsin", np.arcsin, branches=True),
    _function("arccos", np.arccos, branches=True),
    _function("arctan", np.arctan, branches=True),
    _function("arsinh", np.arcsinh, "arsinh", "arcsinh", "asinh", macros=()),
    _function("arcosh", np.arccosh, "arcosh", "arccosh", "acosh", macros=()),
    _function("artanh", np.arctanh, "artanh", "arctanh", "atanh", macros=()),
    # ------------------------------------------------------------------------------- integrals
    _function("erf", erf, macros=()),
    _function("erfc", erfc, macros=()),
    _function("Phi", normal, macros=(), latex=r"\Phi", symbols=(r"\Phi",), only_numbers=True),
    _function("Gamma", gamma, macros=(), latex=r"\Gamma", symbols=(r"\Gamma",), only_numbers=True),
    # ------------------------------------------------------------------------------- activations
    _function("sigma", logistic, "sigmoid", macros=(), latex=r"\sigma", symbols=(r"\sigma",),
              activation=True),
    _function("relu", rectified, "relu", "ReLU", macros=(),
              activation=True, branches=True),
    _function("softplus", lambda z: np.log(1 + np.exp(z)), macros=(), activation=True),
    _function("softsign", lambda z: z / (1 + absolute(z)), macros=(), activation=True,
              branches=True),
    _function("silu", lambda z: z * logistic(z), "silu", "SiLU", "swish", macros=(),
              activation=True),
    _function("floor", lambda z: np.floor(np.real(z)), macros=(), branches=True),
    _function("ceil", lambda z: np.ceil(np.real(z)), macros=(), branches=True),
    _function("logit", lambda z: np.log(z / (1 - z)), macros=()),
    _function("sign", lambda z: np.sign(np.real(z)), "sign", "sgn", macros=(), activation=True,
              branches=True),
]  # fmt: skip


# ----------------------------------------------------------------- functions of a vector as a whole


def _softmax(z: Array) -> Array:
    powers = np.exp(z - np.real(z).max(axis=-2, keepdims=True))
    value: Array = powers / powers.sum(axis=-2, keepdims=True)
    return value


def _of_column(name: str, result: Callable[[Shape], Shape]) -> Callable[[Shape], Shape]:
    def shape(argument: Shape) -> Shape:
        if not is_column(argument):
            raise ShapeRuleError(f"{name} of {describe(argument)}: it takes a column", 0)
        return result(argument)

    return shape


FUNCTIONS += [
    Operation(
        "softmax", _softmax, _of_column("softmax", lambda shape: shape),
        *called("softmax", r"\operatorname{softmax}"), words=("softmax", "Softmax"),
        rounds_inside=True,
    ),
    Operation(
        "softmax_rows", lambda z: _softmax(z.swapaxes(-1, -2)).swapaxes(-1, -2),
        lambda shape: shape, *called("softmax_rows", r"\operatorname{softmax}_{\text{rows}}"),
        rounds_inside=True,
    ),
]  # fmt: skip
