"""edf: an educational framework for backpropagation in NumPy."""

from __future__ import annotations

from typing import Any

from edf.anyfunction import AnyFunction
from edf.graph import Constant, GraphError, Input, Node, Param, topological_order
from edf.init import xavier
from edf.losses import CrossEntropy, LogLoss
from edf.ops import (
    Add,
    Div,
    Exp,
    Index,
    Log,
    MatMul,
    Mean,
    Mul,
    Neg,
    Pick,
    Pow,
    ReLU,
    Sigmoid,
    Softmax,
    Sub,
    Sum,
    Tanh,
)
from edf.optim import SGD

#: Loaded when first asked for, so that `import edf` stays cheap: name -> module.
_LATER = {
    "check_gradients": "edf.check",
    "hvp": "edf.check",
    "hessian": "edf.check",
    "check_equation": "edf.equations",
}

__all__ = [
    "SGD",
    "Add",
    "AnyFunction",
    "Constant",
    "CrossEntropy",
    "Div",
    "Exp",
    "GraphError",
    "Index",
    "Input",
    "Log",
    "LogLoss",
    "MatMul",
    "Mean",
    "Mul",
    "Neg",
    "Node",
    "Param",
    "Pick",
    "Pow",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Sub",
    "Sum",
    "Tanh",
    "check_equation",
    "check_gradients",
    "hessian",
    "hvp",
    "topological_order",
    "xavier",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'edf' has no attribute {name!r}")
