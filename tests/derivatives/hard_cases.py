# ruff: noqa: E501 (a formula and its derivative on one line each read better)
"""Right derivatives that are hard to check: kinks, ties, extreme magnitudes, float32.

A checker that objects to one of these raises a false alarm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tests.derivatives.operations import OPERATIONS, Operation


def _case(
    name: str, arguments: dict[str, Sequence[float]], value: str, *gradients: str
) -> Operation:
    arrays = {key: np.array(array, dtype=float) for key, array in arguments.items()}
    return Operation(name, lambda rng: arrays, value, gradients)


RELU = "np.where(x.real > 0, x, 0)"
ZEROS = {"x": [0.0, -1.0, 0.0, 2.0]}
TIED = {"x": [1.0, 0.2, 1.0, 1.0]}

KINKS = [
    _case("rectifier at 0, slope 0", ZEROS, RELU, "g * (x > 0)"),
    _case("rectifier at 0, slope 1", ZEROS, RELU, "g * (x >= 0)"),
    _case("rectifier at 0, slope 1/2", ZEROS, RELU, "g * (1.0 * (x > 0) + (x >= 0)) / 2"),
    _case("rectifier as a maximum at 0", ZEROS, "np.maximum(x, 0)", "g * (x > 0)"),
    _case("leaky rectifier at 0", ZEROS, "np.where(x.real > 0, x, 0.1 * x)", "g * np.where(x > 0, 1, 0.1)"),
    _case("absolute value at 0, slope 0", ZEROS, "np.abs(x)", "g * np.sign(x)"),
    _case("absolute value at 0, slope 1", ZEROS, "np.abs(x)", "g * np.where(x >= 0, 1, -1)"),
    _case("absolute value at 0, slope -0.3", ZEROS, "np.abs(x)", "g * np.where(x == 0, -0.3, np.sign(x))"),
    _case("1-norm at the origin", {"x": [0.0, 0.0, 0.0]}, "np.abs(x).sum()", "g * 0 * x"),
    _case("clip at its edges, slope 1", {"x": [-1.0, 0.3, 1.0, 2.0]}, "np.clip(x, -1, 1)", "g * (x >= -1) * (x <= 1)"),
    _case("clip at its edges, slope 0", {"x": [-1.0, 0.3, 1.0, 2.0]}, "np.clip(x, -1, 1)", "g * (x > -1) * (x < 1)"),
    _case("hinge at its margin", {"x": [1.0, 0.0, 2.0]}, "np.maximum(0, 1 - x)", "-g * (x < 1)"),
    _case("maximum of ties, shared", TIED, "x.max()", "g * (x == x.max()) / (x == x.max()).sum()"),
    _case("maximum of ties, the first", TIED, "x.max()", "g * (np.arange(4) == x.argmax())"),
    _case("maximum of ties, unequal shares", TIED, "x.max()", "g * np.array([0.2, 0, 0.3, 0.5])"),
    _case("minimum of ties", {"x": [0.0, 1.0, 0.0]}, "x.min()", "g * (np.arange(3) == x.argmin())"),
    _case("larger of equals, shared", {"a": [1.0, 2.0], "b": [1.0, 0.0]}, "np.maximum(a, b)",
          "g * (1.0 * (a > b) + (a >= b)) / 2", "g * (1.0 * (b > a) + (b >= a)) / 2"),
    _case("larger of equals, the first", {"a": [1.0, 2.0], "b": [1.0, 0.0]}, "np.maximum(a, b)",
          "g * (a >= b)", "g * (b > a)"),
    _case("pooling with ties", {"x": [3.0, 3.0, 1.0, 2.0, 2.0, 2.0]}, "x.reshape(3, 2).max(1)",
          "(g[:, None] * np.eye(2)[x.reshape(3, 2).argmax(1)]).reshape(6)"),
    _case("row sums of rectified zeros", {"x": [0.0, 0.0, 1.0, -1.0]}, "np.maximum(x, 0).reshape(2, 2) @ np.array([1.0, -2.0])",
          "(g[:, None] * np.array([1.0, -2.0])).reshape(4) * (x > 0)"),
    _case("square of a rectifier at 0", ZEROS, f"({RELU}) ** 2", "2 * g * x * (x > 0)"),
    _case("absolute cube at 0", ZEROS, "np.abs(x) ** 3", "3 * g * x * np.abs(x)"),
    _case("huber at its joints", {"x": [-1.0, 0.5, 1.0]}, "np.where(np.abs(x) < 1, x * x / 2, np.abs(x) - 0.5)",
          "g * np.clip(x, -1, 1)"),
    _case("elu at 0", ZEROS, "np.where(x.real > 0, x, np.exp(np.where(x.real > 0, 0, x)) - 1)", "g * np.where(x > 0, 1, np.exp(x))"),
    _case("soft threshold at its edges", {"x": [-1.0, 0.0, 1.0, 3.0]}, "np.sign(x) * np.maximum(np.abs(x) - 1, 0)", "g * (np.abs(x) > 1)"),
    _case("rectifier 1e-3 from 0", {"x": [1e-3, -1e-3]}, RELU, "g * (x > 0)"),
    _case("rectifier 1e-6 from 0", {"x": [1e-6, -1e-6]}, RELU, "g * (x > 0)"),
    _case("rectifier 1e-9 from 0", {"x": [1e-9, -1e-9, 1.0]}, RELU, "g * (x > 0)"),
    _case("absolute value 1e-7 from 0", {"x": [1e-7, -1e-7, 1.0]}, "np.abs(x)", "g * np.sign(x)"),
    _case("clip 1e-8 inside", {"x": [1 - 1e-8, -1 + 1e-8]}, "np.clip(x, -1, 1)", "g"),
    _case("maximum 1e-8 from a tie", {"x": [1.0, 1.0 - 1e-8]}, "x.max()", "g * (x == x.max())"),
]  # fmt: skip

MAGNITUDES = [
    _case("sine near 0", {"x": [1e-8, -3e-8]}, "np.sin(x)", "g * np.cos(x)"),
    _case("square near 0", {"x": [1e-8, -3e-8]}, "x * x", "2 * g * x"),
    _case("logarithm near 0", {"x": [1e-6, 3e-6]}, "np.log(x)", "g / x"),
    _case("logarithm across scales", {"x": [1e-6, 1.0, 1e6]}, "np.log(x)", "g / x"),
    _case("logarithm of large", {"x": [1e8, 3e8]}, "np.log(x)", "g / x"),
    _case("reciprocal of small", {"x": [1e-4, -2e-4]}, "1 / x", "-g / x ** 2"),
    _case("reciprocal of large", {"x": [1e5, -2e5]}, "1 / x", "-g / x ** 2"),
    _case("root of small", {"x": [1e-8, 4e-8]}, "np.sqrt(x)", "g / (2 * y)"),
    _case("exponential of large", {"x": [200.0, 300.0]}, "np.exp(x)", "g * y"),
    _case("exponential of very negative", {"x": [-200.0, -30.0]}, "np.exp(x)", "g * y"),
    _case("fifth power of large", {"x": [1e3, -2e3]}, "x ** 5", "5 * g * x ** 4"),
    _case("small times large", {"a": [1e-6, 2e-6], "b": [1e6, 3e6]}, "a * b", "g * b", "g * a"),
    _case("both scales in one value", {"x": [0.3, -0.7]}, "np.append(1e-8 * x, 1e8 * x)", "1e-8 * g[:2] + 1e8 * g[2:]"),
    _case("beside an offset", {"x": [0.3, -0.7]}, "1e6 + np.sin(x)", "g * np.cos(x)"),
    _case("tiny slope", {"x": [0.3, -0.7]}, "1e-12 * x", "1e-12 * g"),
    _case("logistic saturated", {"x": [30.0, -30.0, 0.1]}, "1 / (1 + np.exp(-x))", "g * np.exp(-x) * y * y"),
    _case("logistic very steep", {"x": [0.01, -0.02]}, "1 / (1 + np.exp(-1000 * x))", "1000 * g * y * (1 - y)"),
    _case("tanh saturated", {"x": [15.0, -10.0, 0.1]}, "np.tanh(x)", "g * (1 - y * y)"),
    _case("softmax far apart", {"x": [0.0, 100.0, 90.0]}, "np.exp(x - x.max()) / np.exp(x - x.max()).sum()",
          "y * (g - (g * y).sum())"),
    _case("log-sum-exp of thousands", {"x": [1000.0, 1001.0, 990.0]}, "x.max() + np.log(np.exp(x - x.max()).sum())",
          "g * np.exp(x - y)"),
    _case("norm near the origin", {"x": [1e-5, -2e-5]}, "np.sqrt((x * x).sum())", "g * x / y"),
    _case("entropy of nearly certain", {"p": [1e-9, 1 - 1e-9]}, "-(p * np.log(p)).sum()", "-g * (np.log(p) + 1)"),
    _case("variance of near equals", {"x": [1000.001, 1000.002, 999.999]}, "x.var()", "2 * g * (x - x.mean()) / 3"),
    _case("log1p near 0", {"x": [1e-10, -1e-10]}, "np.log1p(x)", "g / (1 + x)"),
    _case("expm1 near 0", {"x": [1e-10, -1e-10]}, "np.expm1(x)", "g * np.exp(x)"),
    _case("fast oscillation", {"x": [0.3, -0.7]}, "np.sin(50 * x)", "50 * g * np.cos(50 * x)"),
    _case("narrow bump, on its side", {"x": [0.002, -0.004]}, "np.exp(-(200 * x) ** 2)", "-80000 * g * x * y"),
    _case("narrow bump, on its top", {"x": [0.0, 0.001]}, "np.exp(-(200 * x) ** 2)", "-80000 * g * x * y"),
    _case("a number by itself", {"x": 0.7}, "x ** 3", "3 * g * x * x"),
    _case("one row, one column", {"x": [[0.4]]}, "np.sin(x)", "g * np.cos(x)"),
    _case("at zero", {"x": [0.0, 0.0]}, "np.sin(x) + x ** 2", "g * (np.cos(x) + 2 * x)"),
    _case("cancelling terms", {"x": [0.3, 0.2]}, "(x + 1e6) - 1e6 + x * x", "g * (1 + 2 * x)"),
]  # fmt: skip


def _in_float32(operation: Operation) -> Operation:
    def draw(rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {name: x.astype(np.float32) for name, x in operation.draw(rng).items()}

    name = f"{operation.name} in float32"
    return Operation(name, draw, operation.value, operation.gradients)


def hard_cases() -> Iterator[Operation]:
    """Kinks and ties, magnitudes, and every operation in float32."""
    yield from KINKS
    yield from MAGNITUDES
    yield from (_in_float32(operation) for operation in OPERATIONS)
