"""edf: an educational framework for backpropagation in NumPy."""

from __future__ import annotations

from typing import Any

from edf.anyfunction import AnyFunction
from edf.arrays import Concatenate, Embedding, Index, Pick, Reshape, Stack, Transpose
from edf.graph import Constant, GraphError, Input, Node, Param, ShapeError, topological_order
from edf.init import he, lecun, normal, xavier
from edf.layers import AvgPool2D, Conv2D, Dropout, LayerNorm, MaxPool2D
from edf.losses import Accuracy, ArgMax, CrossEntropy, LogLoss, MaskedMean, SquaredError
from edf.ops import (
    GELU,
    Abs,
    Add,
    Div,
    Exp,
    LeakyReLU,
    Log,
    LogSoftmax,
    LogSumExp,
    MatMul,
    Max,
    Maximum,
    Mean,
    Minimum,
    Mul,
    Neg,
    Pow,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Sqrt,
    Sub,
    Sum,
    Tanh,
    Var,
)
from edf.optim import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    RMSProp,
    clip_gradients,
)

#: Loaded when first asked for, so that `import edf` stays cheap: name -> module.
_LATER = {
    "check_gradients": "edf.check",
    "hvp": "edf.check",
    "hessian": "edf.check",
    "jacobian": "edf.check",
    "check_equation": "edf.equations",
    "draw": "edf.figures",
    "evaluating": "edf.train",
    "fit": "edf.train",
    "load": "edf.storage",
    "save": "edf.storage",
}

__all__ = [
    "GELU",
    "SGD",
    "Abs",
    "Accuracy",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Add",
    "AnyFunction",
    "ArgMax",
    "AvgPool2D",
    "Concatenate",
    "Constant",
    "Conv2D",
    "CrossEntropy",
    "Div",
    "Dropout",
    "Embedding",
    "Exp",
    "GraphError",
    "Index",
    "Input",
    "LayerNorm",
    "LeakyReLU",
    "Log",
    "LogLoss",
    "LogSoftmax",
    "LogSumExp",
    "MaskedMean",
    "MatMul",
    "Max",
    "MaxPool2D",
    "Maximum",
    "Mean",
    "Minimum",
    "Momentum",
    "Mul",
    "Neg",
    "Nesterov",
    "Node",
    "Param",
    "Pick",
    "Pow",
    "RMSProp",
    "ReLU",
    "Reshape",
    "ShapeError",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Sqrt",
    "SquaredError",
    "Stack",
    "Sub",
    "Sum",
    "Tanh",
    "Transpose",
    "Var",
    "check_equation",
    "check_gradients",
    "clip_gradients",
    "draw",
    "evaluating",
    "fit",
    "he",
    "hessian",
    "hvp",
    "jacobian",
    "lecun",
    "load",
    "normal",
    "save",
    "topological_order",
    "xavier",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'edf' has no attribute {name!r}")
