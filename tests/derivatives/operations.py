# ruff: noqa: E501 (a formula and its derivative on one line each read better)
"""Operations written for measuring gradient checkers, and ways to make their derivatives wrong.

None of these is edf's own: formulas are text, one for the value and one per argument for the
vector-Jacobian product, over the arguments, the value `y` and the cotangent `g`. Text, because a
mistake is then made as a person makes one: a sign, a factor, a wrong variable, a forgotten term.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


def softplus(x: Array) -> Array:
    return np.logaddexp(0, x) if not np.iscomplexobj(x) else np.log(1 + np.exp(x))


def onto(x: Array, shape: tuple[int, ...]) -> Array:
    """Sum x over the axes along which an array of `shape` was broadcast."""
    x = np.sum(x, axis=tuple(range(x.ndim - len(shape))))
    return np.sum(x, axis=tuple(k for k, n in enumerate(shape) if n == 1), keepdims=True)


NAMES = {"np": np, "softplus": softplus, "onto": onto}


@dataclass(frozen=True)
class Operation:
    """One operation: how to draw its arguments, its value, and its gradients, as text."""

    name: str
    draw: Callable[[np.random.Generator], dict[str, Array]]
    value: str
    gradients: tuple[str, ...]

    def forward(self, *arguments: Array) -> Array:
        names = self.names()
        return evaluate(self.value, dict(zip(names, arguments, strict=True)))

    def backward(self, g: Array, *arguments: Array) -> tuple[Array, ...]:
        scope = dict(zip(self.names(), arguments, strict=True))
        scope["y"], scope["g"] = self.forward(*arguments), g
        return tuple(
            np.asarray(evaluate(text, scope)).astype(x.dtype)
            for text, x in zip(self.gradients, arguments, strict=True)
        )

    def names(self) -> list[str]:
        return list(self.draw(np.random.default_rng(0)))


def evaluate(text: str, scope: dict[str, Array]) -> Array:
    return eval(_compiled(text), NAMES, scope)


_code: dict[str, object] = {}


def _compiled(text: str):
    if text not in _code:
        _code[text] = compile(text, "<formula>", "eval")
    return _code[text]


def _normal(**shapes: tuple[int, ...]) -> Callable[[np.random.Generator], dict[str, Array]]:
    return lambda rng: {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def _positive(**shapes: tuple[int, ...]) -> Callable[[np.random.Generator], dict[str, Array]]:
    return lambda rng: {name: 0.3 + rng.gamma(2.0, 0.6, shape) for name, shape in shapes.items()}


def _simplex(**shapes: tuple[int, ...]) -> Callable[[np.random.Generator], dict[str, Array]]:
    def draw(rng: np.random.Generator) -> dict[str, Array]:
        drawn = {name: 0.05 + rng.random(shape) for name, shape in shapes.items()}
        return {name: p / p.sum(-1, keepdims=True) for name, p in drawn.items()}

    return draw


V, M = (5,), (4, 3)
SOFT = "np.exp(x - x.max(-1, keepdims=True))"
CENTRED = "(x - x.mean(-1, keepdims=True))"
SPREAD = "np.sqrt((x - x.mean(-1, keepdims=True)).var(-1, keepdims=True) + 0.01)"

OPERATIONS = [
    Operation("sine", _normal(x=V), "np.sin(3 * x)", ("g * 3 * np.cos(3 * x)",)),
    Operation("gauss", _normal(x=V), "np.exp(-x * x / 2)", ("-g * x * y",)),
    Operation("arctan", _normal(x=V), "np.arctan(x)", ("g / (1 + x * x)",)),
    Operation("cube root of square", _positive(x=V), "x ** (2 / 3)", ("g * 2 / 3 * y / x",)),
    Operation("logistic", _normal(x=M), "1 / (1 + np.exp(-x))", ("g * y * (1 - y)",)),
    Operation("hyperbolic", _normal(x=V), "np.tanh(2 * x)", ("2 * g * (1 - y * y)",)),
    Operation("swish", _normal(x=V), "x / (1 + np.exp(-x))", ("g * (y + (1 - y) / (1 + np.exp(-x)))",)),
    Operation("mish", _normal(x=V), "x * np.tanh(softplus(x))",
              ("g * (np.tanh(softplus(x)) + x * (1 - np.tanh(softplus(x)) ** 2) / (1 + np.exp(-x)))",)),
    Operation("gelu", _normal(x=V), "0.5 * x * (1 + np.tanh(0.79788456 * (x + 0.044715 * x ** 3)))",
              ("g * (0.5 * (1 + np.tanh(0.79788456 * (x + 0.044715 * x ** 3))) + 0.5 * x * "
               "(1 - np.tanh(0.79788456 * (x + 0.044715 * x ** 3)) ** 2) * 0.79788456 * "
               "(1 + 3 * 0.044715 * x ** 2))",)),
    Operation("rectifier", _normal(x=M), "np.where(x.real > 0, x, 0)", ("g * (x > 0)",)),
    Operation("elu", _normal(x=V), "np.where(x.real > 0, x, np.exp(x) - 1)",
              ("g * np.where(x > 0, 1, np.exp(x))",)),
    Operation("absolute", _normal(x=V), "np.abs(x)", ("g * np.sign(x)",)),
    Operation("clip", _normal(x=M), "np.clip(x, -1, 1)", ("g * (x > -1) * (x < 1)",)),
    Operation("huber", _normal(x=V), "np.where(np.abs(x) < 1, x * x / 2, np.abs(x) - 0.5)",
              ("g * np.where(np.abs(x) < 1, x, np.sign(x))",)),
    Operation("product", _normal(a=M, b=M), "a * b", ("g * b", "g * a")),
    Operation("quotient", _positive(a=M, b=M), "a / b", ("g / b", "-g * a / b ** 2")),
    Operation("power", _positive(a=V, b=V), "a ** b", ("g * b * y / a", "g * y * np.log(a)")),
    Operation("hypotenuse", _normal(a=V, b=V), "np.sqrt(a * a + b * b)", ("g * a / y", "g * b / y")),
    Operation("angle", _positive(a=V, b=V), "np.arctan(a / b)",
              ("g * b / (a * a + b * b)", "-g * a / (a * a + b * b)")),
    Operation("larger", _normal(a=M, b=M), "np.maximum(a, b)", ("g * (a > b)", "g * (b > a)")),
    Operation("affine", _normal(x=M, W=(3, 2), b=(2,)), "x @ W + b", ("g @ W.T", "x.T @ g", "g.sum(0)")),
    Operation("batched product", _normal(a=(2, 3, 4), b=(2, 4, 2)), "a @ b",
              ("g @ b.swapaxes(-1, -2)", "a.swapaxes(-1, -2) @ g")),
    Operation("outer", _normal(a=V, b=(3,)), "a[:, None] * b", ("(g * b).sum(1)", "(g * a[:, None]).sum(0)")),
    Operation("bilinear", _normal(a=(3,), W=(3, 4), b=(4,)), "a @ W @ b",
              ("g * (W @ b)", "g * a[:, None] * b", "g * (a @ W)")),
    Operation("broadcast sum", _normal(a=M, b=(1, 3)), "a + b", ("g", "onto(g, b.shape)")),
    Operation("total", _normal(x=M), "np.sum(x * x)", ("2 * g * x",)),
    Operation("mean", _normal(x=M), "np.mean(x ** 3, axis=0)", ("3 * g * x ** 2 / x.shape[0]",)),
    Operation("variance", _normal(x=M), "x.var(-1)",
              ("2 * g[:, None] * " + CENTRED + " / x.shape[-1]",)),
    Operation("norm", _normal(x=M), "np.sqrt((x * x).sum(-1))", ("(g / y)[:, None] * x",)),
    Operation("unit rows", _normal(x=M), "x / np.sqrt((x * x).sum(-1, keepdims=True))",
              ("(g - y * (g * y).sum(-1, keepdims=True)) / np.sqrt((x * x).sum(-1, keepdims=True))",)),
    Operation("softmax", _normal(x=M), f"{SOFT} / {SOFT}.sum(-1, keepdims=True)",
              ("y * (g - (g * y).sum(-1, keepdims=True))",)),
    Operation("log-softmax", _normal(x=M), f"x - x.max(-1, keepdims=True) - np.log({SOFT}.sum(-1, keepdims=True))",
              ("g - np.exp(y) * g.sum(-1, keepdims=True)",)),
    Operation("log-sum-exp", _normal(x=M), f"x.max(-1) + np.log({SOFT}.sum(-1))",
              ("g[:, None] * np.exp(x - y[:, None])",)),
    Operation("entropy", _simplex(p=M), "-(p * np.log(p)).sum(-1)", ("-g[:, None] * (np.log(p) + 1)",)),
    Operation("divergence", _simplex(p=M, q=M), "(p * np.log(p / q)).sum(-1)",
              ("g[:, None] * (np.log(p / q) + 1)", "-g[:, None] * p / q")),
    Operation("layer norm", _normal(x=M, s=(3,)), f"s * {CENTRED} / {SPREAD}",
              (f"(g * s - (g * s).mean(-1, keepdims=True) - y / s * (g * y).mean(-1, keepdims=True)) / {SPREAD}",
               "(g * y / s).sum(0)")),
    Operation("cosine", _normal(a=V, b=V), "a @ b / np.sqrt((a @ a) * (b @ b))",
              ("g * (b / np.sqrt((a @ a) * (b @ b)) - y * a / (a @ a))",
               "g * (a / np.sqrt((a @ a) * (b @ b)) - y * b / (b @ b))")),
    Operation("squared error", _normal(a=M, t=M), "((a - t) ** 2).mean()",
              ("2 * g * (a - t) / a.size", "2 * g * (t - a) / a.size")),
    Operation("cumulative sum", _normal(x=V), "np.cumsum(x)", ("np.cumsum(g[::-1])[::-1]",)),
    Operation("differences", _normal(x=V), "x[1:] - x[:-1]",
              ("np.append(0, g) - np.append(g, 0)",)),
    Operation("gather", _normal(x=M), "x[[0, 2, 2]]",
              ("np.stack([g[0], 0 * g[0], g[1] + g[2], 0 * g[0]])",)),
    Operation("largest", _normal(x=M), "x.max(-1)", ("g[:, None] * (x == x.max(-1)[:, None])",)),
    Operation("inverse", lambda rng: {"A": rng.standard_normal((3, 3)) + 3 * np.eye(3)},
              "np.linalg.inv(A)", ("-y.T @ g @ y.T",)),
    Operation("log determinant", lambda rng: {"A": rng.standard_normal((3, 3)) + 4 * np.eye(3)},
              "np.log(np.linalg.det(A))", ("g * np.linalg.inv(A).T",)),
    Operation("convolution", _normal(x=(7,), k=(3,)),
              "x[:5] * k[0] + x[1:6] * k[1] + x[2:] * k[2]",
              ("np.convolve(g, k)", "np.array([g @ x[:5], g @ x[1:6], g @ x[2:]])")),
    Operation("small loss", _normal(x=V), "1e-4 * np.sin(x)", ("1e-4 * g * np.cos(x)",)),
    Operation("tiny units", lambda rng: {"x": 1e-6 * rng.standard_normal(5)}, "np.sin(1e6 * x) * 1e-3",
              ("1e3 * g * np.cos(1e6 * x)",)),
    Operation("large units", lambda rng: {"x": 1e4 * (1 + rng.random(5))}, "np.log(x) * x", ("g * (np.log(x) + 1)",)),
    Operation("sum of opposites", _normal(a=V, b=V), "np.sinh(a) - np.cosh(b)",
              ("g * np.cosh(a)", "-g * np.sinh(b)")),
]  # fmt: skip


# ------------------------------------------------------------------------------- making mistakes


@dataclass(frozen=True)
class Mutant:
    """An operation with one mistake in one of its gradients."""

    operation: Operation
    argument: int
    mistake: str

    @property
    def name(self) -> str:
        return f"{self.operation.name}[{self.argument}]: {self.mistake}"


OTHER_OPERATOR = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
}  # fmt: skip
OTHER_COMPARISON = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.Eq: ast.NotEq}
OTHER_FUNCTION = {"cos": "sin", "sin": "cos", "sinh": "cosh", "cosh": "sinh", "log": "sqrt",
                  "exp": "cos", "tanh": "sin", "sign": "abs", "sum": "mean", "mean": "sum"}  # fmt: skip


def mistakes(text: str, names: list[str]) -> Iterator[str]:
    """Every formula that has one mistake more than `text`."""
    tree = ast.parse(text, mode="eval")
    count = sum(1 for _ in ast.walk(tree))
    for position in range(count):
        for change in range(8):
            changed = copy.deepcopy(tree)
            node = list(ast.walk(changed))[position]
            if _change(changed, node, change, names):
                yield ast.unparse(changed)
    for factor in ("2", "0.5", "-1", "0", "(1 + 1e-3)", "(1 + 1e-5)", "(1 + 1e-6)"):
        yield f"{factor} * ({text})"
    yield f"({text}) + 1e-3"
    yield f"({text}) * (np.arange(np.size({text})).reshape(np.shape({text})) != 0)"
    yield f"({text}) * (1 + 1e-4 * (np.arange(np.size({text})).reshape(np.shape({text})) == 1))"
    yield f"np.roll({text}, 1)"
    yield f"np.abs({text})"
    yield f"np.round({text}, 3)"


def _change(tree: ast.AST, node: ast.AST, change: int, names: list[str]) -> bool:
    """Make mistake number `change` at `node`; return whether there is one."""
    if isinstance(node, ast.BinOp):
        if change == 0 and type(node.op) in OTHER_OPERATOR:
            node.op = OTHER_OPERATOR[type(node.op)]()
            return True
        if change in (1, 2):
            return _replace(tree, node, node.left if change == 1 else node.right)
    if isinstance(node, ast.UnaryOp) and change == 0:
        return _replace(tree, node, node.operand)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and change < 3:
        node.value = (node.value + 1, node.value * 2, node.value * 1.0001)[change]
        return True
    if isinstance(node, ast.Compare) and change == 0 and type(node.ops[0]) in OTHER_COMPARISON:
        node.ops[0] = OTHER_COMPARISON[type(node.ops[0])]()
        return True
    if isinstance(node, ast.Name) and node.id in names:
        others = [name for name in names if name != node.id]
        if change < len(others):
            node.id = others[change]
            return True
    if isinstance(node, ast.Attribute) and change == 0:
        if node.attr in OTHER_FUNCTION:
            node.attr = OTHER_FUNCTION[node.attr]
            return True
        if node.attr == "T":
            return _replace(tree, node, node.value)
    return False


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> bool:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
                return True
            if isinstance(value, list) and any(item is old for item in value):
                setattr(parent, field, [new if item is old else item for item in value])
                return True
    return False


def point_of(operation: Operation) -> list[Array]:
    """The point at which operations are checked."""
    return list(operation.draw(np.random.default_rng(3)).values())


def mutants(operation: Operation) -> list[Mutant]:
    """Every mistake that changes a gradient by more than 1 part in 10 million somewhere.

    They do so at the point where they are checked, too. Those that raise, or give another shape or a number that is not finite, are left out: any
    checker sees them.
    """
    rng = np.random.default_rng(11)
    trials = [point_of(operation)] + [list(operation.draw(rng).values()) for _ in range(4)]
    cotangents = [rng.standard_normal(np.shape(operation.forward(*xs))) for xs in trials]
    names = [*operation.names(), "y", "g"]
    found: dict[tuple[int, str], Mutant] = {}
    for k, text in enumerate(operation.gradients):
        for wrong in mistakes(text, names):
            mutant = with_mistake(operation, k, wrong)
            if all(
                _differs(mutant, operation, k, xs, g)
                for xs, g in zip(trials, cotangents, strict=True)
            ):
                found[(k, wrong)] = Mutant(mutant, k, wrong)
    return list(found.values())


def with_mistake(operation: Operation, k: int, wrong: str) -> Operation:
    gradients = list(operation.gradients)
    gradients[k] = wrong
    return Operation(operation.name, operation.draw, operation.value, tuple(gradients))


def _differs(mutant: Operation, operation: Operation, k: int, xs: list[Array], g: Array) -> bool:
    right = operation.backward(g, *xs)[k]
    try:
        with np.errstate(all="ignore"):
            scope = dict(zip(operation.names(), xs, strict=True))
            scope["y"], scope["g"] = operation.forward(*xs), g
            wrong = np.asarray(evaluate(mutant.gradients[k], scope), dtype=float)
    except Exception:
        return False
    if wrong.shape != right.shape or not np.all(np.isfinite(wrong)):
        return False
    return bool(np.max(np.abs(wrong - right)) > 1e-7 * np.max(np.abs(right)))
