"""Derivatives that are wrong, or hard, where no plain sample is: at other scales, at ties, on the
other side of a threshold; and right ones with thresholds, ties and saturation."""

from __future__ import annotations

import numpy as np

from edf.graph import Node


def operation(forward, backward):
    """A node of one argument, or more, that is not edf's."""
    members = {
        "forward": lambda self, *arrays: forward(*arrays),
        "backward": lambda self, grad, *arrays: backward(grad, *arrays),
    }
    return type("Student", (Node,), members)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def square_with(wrong_where):
    """x squared, with half of the derivative where the condition holds."""
    return operation(lambda x: x * x, lambda g, x: g * np.where(wrong_where(x), x, 2 * x))


def relu6(x):
    return np.minimum(np.maximum(x, 0), 6)


def huber(x):
    return np.where(np.abs(x) < 3, x * x / 2, 3 * (np.abs(x) - 1.5))


def norm(x):
    return np.sqrt(np.sum(x * x))


WRONG = {
    "above 4": square_with(lambda x: x > 4),
    "below -7": square_with(lambda x: x < -7),
    "above 100,000": square_with(lambda x: x > 1e5),
    "below -100,000": square_with(lambda x: x < -1e5),
    "between 4 and 4.5": square_with(lambda x: (x > 4) & (x < 4.5)),
    "at one": square_with(lambda x: x == 1),
    "above 4, unseen by tracing": square_with(lambda x: np.asarray(x) > 4),
    "capped at 4": operation(lambda x: x * x, lambda g, x: 2 * g * np.minimum(x, 4)),
    "relu6 without its upper side": operation(relu6, lambda g, x: g * (x > 0)),
    "Huber without its linear arm": operation(huber, lambda g, x: g * x),
    "clipped sigmoid": operation(
        lambda x: sigmoid(np.clip(x, -10, 10)),
        lambda g, x: g * sigmoid(np.clip(x, -10, 10)) * (1 - sigmoid(np.clip(x, -10, 10))),
    ),
    "norm clipping": operation(
        lambda x: x * np.minimum(1, 10 / np.sqrt(np.sum(x * x))), lambda g, x: g
    ),
}  # fmt: skip

RIGHT = {
    "relu6": operation(relu6, lambda g, x: g * ((x > 0) & (x < 6))),
    "relu by its value": type(
        "Student",
        (Node,),
        {
            "forward": lambda self, x: np.maximum(x, 0),
            "backward": lambda self, g, x: g * (self.value > 0),
        },
    ),
    "Huber": operation(huber, lambda g, x: g * np.clip(x, -3, 3)),
    "clipped sigmoid": operation(
        lambda x: sigmoid(np.clip(x, -10, 10)),
        lambda g, x: g * sigmoid(x) * (1 - sigmoid(x)) * (np.abs(x) < 10),
    ),
    "absolute value": operation(np.abs, lambda g, x: g * np.sign(x)),
    "naive sigmoid": operation(sigmoid, lambda g, x: g * np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "norm": operation(norm, lambda g, x: g * x / norm(x)),
    "tanh": operation(np.tanh, lambda g, x: g * (1 - np.tanh(x) ** 2)),
    "cube": operation(lambda x: x**3, lambda g, x: g * 3 * x**2),
    "standardised, without epsilon": operation(
        lambda x: (x - x.mean()) / np.sqrt(np.mean((x - x.mean()) ** 2)),
        lambda g, x: (
            g - g.mean()
            - (x - x.mean()) * np.mean(g * (x - x.mean())) / np.mean((x - x.mean()) ** 2)
        ) / np.sqrt(np.mean((x - x.mean()) ** 2)),
    ),
}  # fmt: skip
