"""What other libraries call what edf has, for messages: names, options, attributes.

Each table says what to write instead.
"""

from __future__ import annotations

from collections.abc import Iterable

#: Options of operations, layers and optimisers; the part before = is what ours is called.
OPTIONS = {
    "dim": "axis=1",
    "keepdim": "keepdims=True",
    "dims": "axes=(1, 0)",
    "p": "rate=0.5",
    "learning_rate": "lr=0.1",
    "alpha": "lr=0.1",
    "eta": "lr=0.1",
    "step_size": "lr=0.1",
    "beta1": "betas=(0.9, 0.999)",
    "beta2": "betas=(0.9, 0.999)",
    "epsilon": "eps=1e-8",
    "beta": "momentum=0.9",
    "rho": "decay=0.9",
    "parameters": "params=loss.params",
    "in_features": "n_in=3",
    "out_features": "n_out=2",
    "input_size": "n_in=3",
    "hidden_size": "n_out=2",
    "in_channels": "channels=3",
    "out_channels": "filters=8",
    "kernel_size": "size=3",
    "num_embeddings": "rows=10",
    "embedding_dim": "width=8",
    "embed_dim": "width=8",
    "num_heads": "heads=2",
    "normalized_shape": "width=8",
    "seed": "rng=np.random.default_rng(0)",
    "input": "x",
    "data": "value=...",
}
#: Options that are another optimiser here.
OPTIMISERS = {
    "momentum": "Momentum(params, lr=0.01, momentum=0.9)",
    "nesterov": "Nesterov(params, lr=0.01, momentum=0.9)",
    "weight_decay": "AdamW(params, lr=0.001, weight_decay=0.01)",
}
_NO_ZEROING = "gradients start from zero at every backward(): leave it out"
#: Methods and attributes of optimisers that ours lack.
OPTIMISER_ATTRIBUTES = {
    "zero_grad": _NO_ZEROING,
    "minimize": "write loss.forward(), loss.backward(), optimizer.step()",
    "param_groups": "the learning rate is optimizer.lr, a number or a function of the step",
    "state_dict": "edf.save(path, loss.params) keeps the parameters",
}
#: Methods and attributes of arrays and tensors that nodes lack.
ATTRIBUTES = {
    "sort": "y = Sort(x) is another node",
    "detach": "write x.value, which is a constant in a formula",
    **dict.fromkeys(("numpy", "data", "cpu", "cuda", "to", "float", "double"), "write x.value"),
    **dict.fromkeys(
        ("requires_grad", "requires_grad_"),
        "a Param has a gradient, and an array in a formula has none",
    ),
    "retain_grad": "every node keeps its gradient in x.grad",
    **dict.fromkeys(("zero_grad", "zero_"), _NO_ZEROING),
    "parameters": "write loss.params, without parentheses",
    "step": "an optimiser takes the step: optimizer = SGD(loss.params, lr=0.1), optimizer.step()",
    "view": "write x.reshape(...)",
    "permute": "write x.transpose(...)",
    "unsqueeze": "write x[:, None]",
    "t": "write x.T",
    "norm": "write Norm(x)",
    **dict.fromkeys(("matmul", "mm", "bmm"), "write x @ y"),
    **{name: f"write np.{name}(x)" for name in ("abs", "exp", "log", "sqrt", "tanh", "sin", "cos")},
    "pow": "write x ** p",
    "sigmoid": "write Sigmoid(x)",
    "relu": "write ReLU(x)",
    "softmax": "write Softmax(x, axis=-1)",
}
_DATA = "data are Input(array), what is trained is Param(array), a constant is an array as it is"
_ARRAYS = "arrays are NumPy's"
#: Names of modules: what `edf` and `edf.nn` lack.
NAMES = {
    **dict.fromkeys(("tensor", "as_tensor", "from_numpy", "array", "placeholder"), _DATA),
    **dict.fromkeys(("variable", "parameter"), "write Param(array)"),
    **dict.fromkeys(("zeros", "ones", "randn", "rand", "arange", "eye", "linspace"), _ARRAYS),
    "nograd": "gradients are computed by backward() alone, so there is nothing to switch off",
    "module": "a model is a function of nodes, or a class that keeps Params and has such a method",
    "flatten": "write x.reshape(len(x.value), -1)",
    "backward": "write loss.backward()",
    "forward": "write loss.forward()",
    "matmul": "write x @ y",
    **dict.fromkeys(("mseloss", "mse", "meansquarederror"), "write SquaredError(x, target)"),
    **dict.fromkeys(
        ("bce", "bceloss", "bcewithlogits", "bcewithlogitsloss"),
        "write BinaryCrossEntropy(logits, target)",
    ),
    **dict.fromkeys(("nll", "nllloss"), "write LogLoss(P, labels)"),
    **dict.fromkeys(("l1loss", "mae"), "write Mean(abs(x - target))"),
    **dict.fromkeys(("functional", "f"), "operations stand in edf itself: edf.ReLU(x)"),
    "concat": "write Concatenate([x, y])",
    "cat": "write Concatenate([x, y])",
    "swish": "write SiLU(x)",
    "power": "write x ** p",
    "adadelta": "write RMSProp, or a subclass of edf.optim.Optimizer",
}


def named_here(name: str, ours: Iterable[str]) -> str | None:
    """Return which of our names is spelled like this one, but for case, _ and "Loss"."""
    plain = _plain(name)
    found = {_plain(own): own for own in ours}
    return found.get(plain) or found.get(plain.removesuffix("loss"))


def instead(name: str) -> str:
    """Return what to write for a name of another library; nothing if it is not known."""
    return NAMES.get(_plain(name), "")


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
