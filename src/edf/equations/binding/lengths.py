r"""Declared lengths: `n` in `x \in \mathbb{R}^n` is a symbol, and stands for several numbers.

Two symbols have two numbers, so that no claim holds by the accident that they are equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from edf.anyfunction import AnyFunction
from edf.equations.binding.copied import with_copies
from edf.equations.binding.samplers import WholeNumbers
from edf.graph import Input, Node, topological_order

_PREFERRED = (4, 3, 5, 2, 6, 7)


class Length(int):
    """The length that a symbol stands for on this page; a test tries others as well.

    Args:
        value: The length.
        by: By how much it is more than its symbol, as that of h_0 to h_T is more than T.
    """

    by: int

    def __new__(cls, value: int, by: int = 0) -> Length:
        made = super().__new__(cls, value)
        made.by = by
        return made

    @property
    def symbol(self) -> int:
        """What the symbol alone stands for."""
        return int(self) - self.by

    def moved(self, step: int) -> Length:
        """Return the length that is more by a step, and changes as this one does."""
        return Length(self + step, self.by + step)


def new_length(names: Mapping[str, Any], taken: Iterable[int], least: int = 0) -> Length:
    """Return a length that no other symbol and no input of the page has, and `least` at least."""
    used = {int(length) for length in taken}
    for value in names.values():
        if isinstance(value, Length):
            used.add(int(value))
        elif isinstance(value, Input):
            used.update(value.shape or ())
    return Length(next(n for n in (*_PREFERRED, *range(8, 10_000)) if n not in used and n >= least))


def with_one_longer(names: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    r"""Yield, for each length of a matrix that is not square, its name, and all names with that
    length larger than any other.

    (X^\top X)^{-1} has a value only where X has no more columns than rows.
    """
    nodes = [value for value in names.values() if isinstance(value, Node)]
    inputs = [node for node in topological_order(*nodes) if isinstance(node, Input)]
    if any(isinstance(value, AnyFunction) for value in names.values()) or any(
        getattr(node, "measure", None) is not None for node in inputs
    ):
        return  # which hold more than nodes, that a copy of the graph would not change
    shapes = [node.shape for node in inputs if node.shape and len(set(node.shape[-2:])) > 1]
    of_matrices = {n.symbol for shape in shapes for n in shape if isinstance(n, Length)}
    largest = max((n for node in inputs for n in node.shape or ()), default=0)
    for name, value in names.items():
        if isinstance(value, Length) and value.by == 0 and value in of_matrices:
            step = new_length(names, (), largest + 2) - value
            yield name, _with_longer(names, nodes, value, step)


def free_lengths(names: Mapping[str, Any], inputs: Iterable[Input]) -> dict[str, Input]:
    r"""The declared lengths that no input and no function's value has, as whole numbers from 1 on.

    Where nothing in a formula is as long, as in \sum_{i=1}^n i = 10, its letter is a number like
    any other, and not the one that it stands for on this page.
    """
    lengths = [n for node in inputs for n in (*(node.shape or ()), getattr(node.sample, "last", 0))]
    for value in names.values():
        lengths += value.shape if isinstance(value, AnyFunction) else ()
    own = {n.symbol for n in lengths if isinstance(n, Length)}
    return {
        name: Input(shape=(), sample=WholeNumbers(1, 7, bounded=False))
        for name, value in names.items()
        if isinstance(value, Length) and value.symbol not in own
    }


def _with_longer(
    names: Mapping[str, Any], nodes: Iterable[Node], length: Length, step: int
) -> dict[str, Any]:
    """The names, bound to copies of their nodes in which one length is more by a step."""

    def longer(n: Any) -> Any:
        changes = isinstance(n, Length) and n.symbol == length
        return Length(n + step, n.by) if changes else n

    def change(twin: Input) -> None:
        twin.shape = None if twin.shape is None else tuple(map(longer, twin.shape))
        sample: Any = twin.sample
        if longer(last := getattr(sample, "last", None)) != last:
            twin.sample = sample.longer(step)

    copied = with_copies(names, nodes, change)
    return {name: longer(value) for name, value in copied.items()}
