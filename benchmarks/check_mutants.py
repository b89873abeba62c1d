"""How many wrong derivatives do gradient checkers catch, and how many right ones do they refuse?

    python -m benchmarks.check_mutants [--per-operation 20] [--list]

Every checker sees the same formulas at the same point: ours through a `Node`, torch's `gradcheck`
(the slow, thorough one) through an `autograd.Function`, and HIPS autograd's `check_grads` through a
primitive, each with its own default tolerances. A peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable

import numpy as np
from tests.derivatives.formula import Formula, sample
from tests.derivatives.hard_cases import hard_cases
from tests.derivatives.operations import OPERATIONS, Array, Operation, point_of

from edf.check import GradientReport, check_gradients


def ours(operation: Operation, arguments: list[Array]) -> GradientReport:
    return check_gradients(Formula(operation, *arguments), points=1)


def by_edf(operation: Operation, arguments: list[Array]) -> str:
    status = ours(operation, arguments).status
    return {"verified": "accepted", "refuted": "refused", "error": "refused"}.get(
        status, "undecided"
    )


def by_torch(operation: Operation, arguments: list[Array]) -> str:
    import torch

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(context, *tensors):
            context.save_for_backward(*tensors)
            return torch.tensor(
                np.asarray(operation.forward(*(t.detach().numpy() for t in tensors)))
            )

        @staticmethod
        def backward(context, grad):
            arrays = [t.detach().numpy() for t in context.saved_tensors]
            gradients = operation.backward(grad.detach().numpy(), *arrays)
            return tuple(torch.tensor(np.array(gradient)) for gradient in gradients)

    tensors = tuple(torch.tensor(x, requires_grad=True) for x in arguments)
    passed = torch.autograd.gradcheck(Function.apply, tensors, raise_exception=False)
    return "accepted" if passed else "refused"


def by_autograd(operation: Operation, arguments: list[Array]) -> str:
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    function = primitive(lambda *xs: np.asarray(operation.forward(*xs)))

    def pull(k: int) -> Callable[..., Callable[[Array], Array]]:
        return lambda y, *xs: lambda g: operation.backward(np.asarray(g), *xs)[k]

    defvjp(function, *(pull(k) for k in range(len(arguments))))
    try:
        every = tuple(range(len(arguments)))
        check_grads(function, every, modes=["rev"], order=1)(*arguments)
    except Exception:  # it raises whatever its comparison raises
        return "refused"
    return "accepted"


CHECKERS: dict[str, Callable[[Operation, list[Array]], str]] = {
    "edf.check_gradients": by_edf,
    "torch.autograd.gradcheck (slow)": by_torch,
    "autograd check_grads": by_autograd,
}


def installed(checker: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(checker.split()[0].split(".")[0]) is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--per-operation", type=int, default=20, help="mutants of each operation")
    parser.add_argument("--list", action="store_true", help="name what each checker got wrong")
    options = parser.parse_args()
    chosen = sample(options.per_operation)
    wrong, names = [m.operation for m in chosen], [m.name for m in chosen]
    right = [*OPERATIONS, *hard_cases()]
    double = [op for op in right if point_of(op)[0].dtype == np.float64]
    single = [op for op in right if point_of(op)[0].dtype != np.float64]
    print(
        f"{len(wrong)} wrong derivatives of {len(OPERATIONS)} operations; {len(right)} right ones\n"
    )
    print(
        "| checker | wrong: caught | undecided | right: float64 refused | float32 | undecided | s |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, check in CHECKERS.items():
        if not installed(name):
            print(f"| {name} | not installed | | | | | |")
            continue
        start = time.perf_counter()
        said = {}
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for kind, operations in (("wrong", wrong), ("double", double), ("single", single)):
                said[kind] = [check(operation, point_of(operation)) for operation in operations]
        counts = {kind: Counter(answers) for kind, answers in said.items()}
        print(
            f"| {name} "
            f"| {counts['wrong']['refused']} of {len(wrong)} | {counts['wrong']['undecided']} "
            f"| {counts['double']['refused']} of {len(double)} "
            f"| {counts['single']['refused']} of {len(single)} "
            f"| {counts['double']['undecided'] + counts['single']['undecided']} "
            f"| {time.perf_counter() - start:.0f} |"
        )
        if options.list:
            titles = [*names, *(operation.name for operation in double + single)]
            wanted = ["refused"] * len(wrong) + ["accepted"] * len(right)
            answers = said["wrong"] + said["double"] + said["single"]
            for title, want, answer in zip(titles, wanted, answers, strict=True):
                if answer != want:
                    print(f"    {answer}: {title}", file=sys.stderr)


if __name__ == "__main__":
    main()
